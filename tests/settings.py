"""Settings of the test runs: a data directory of their own, no network, no limits by surprise."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_DATA = Path(tempfile.mkdtemp(prefix="bot-tests-"))
os.environ["BOT_DATA_DIR"] = str(_DATA)
os.environ["BOT_RATE_LIMITS"] = "off"
os.environ["BOT_API_KEYS"] = (
    "tester:tester-key-1:web+voice+telegram+wechat+kiosk+api,other:other-key-22:api"
)
# Clocks of tests jump; whoever tests these ends says which.
os.environ["BOT_PASSWORD_DAYS"] = "0"
os.environ["BOT_SESSION_MINUTES"] = "0"
os.environ["BOT_STAFF_TOTP"] = "off"
# Whoever tests hearing says with what.
os.environ["BOT_VOICE_DEMO_MODEL"] = "off"
os.environ["RASA_TELEMETRY_ENABLED"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

from bot.settings import *  # noqa: E402, F403 (the environment has to stand first)

# A file as in service: threads of a served test would lock each other out of a shared memory.
DATABASES["default"]["TEST"] = {"NAME": str(_DATA / "test.sqlite3")}  # noqa: F405
