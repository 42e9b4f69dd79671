"""The queue between the processes that serve and the worker that does what may take a while.

The queue only says that there is something to do; what there is to do stands in the database.
"""

from __future__ import annotations

from django.conf import settings
from huey import SqliteHuey

settings.BOT_DATA_DIR.mkdir(parents=True, exist_ok=True)
queue = SqliteHuey(
    "bot", filename=str(settings.BOT_DATA_DIR / "tasks.sqlite3"), results=False, utc=True
)
