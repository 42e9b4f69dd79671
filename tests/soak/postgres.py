"""A PostgreSQL of Debian's, started for one run and thrown away; nobody else's is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.running import free_port

_USER = "postgres"


def postgres_programs() -> Path | None:
    """Where Debian keeps the newest server's programs, None if there is none."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in found), key=lambda p: int(p.parent.name), default=None)


@contextmanager
def postgres(programs: Path) -> Iterator[str]:
    """A running server on a port of its own; yields its URL.

    Its programs refuse to run as root, so root lends them the account that Debian made for them.
    """
    # Through the way there, too, its account has to be let.
    with tempfile.TemporaryDirectory(prefix="soak-pg-", ignore_cleanup_errors=True) as place:
        data, port = Path(place) / "data", free_port()
        if os.geteuid() == 0:
            shutil.chown(place, _USER)
        _run(programs / "initdb", "-D", data, "-U", _USER, "-E", "UTF8", "--no-locale", "-N")
        options = f"-p {port} -k {place} -c listen_addresses=127.0.0.1 -c max_connections=200"
        _run(programs / "pg_ctl", "-D", data, "-o", options, "-l", f"{place}/log", "-w", "start")
        try:
            yield f"postgres://{_USER}@127.0.0.1:{port}/{_USER}"
        finally:
            _run(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")


def _run(*command: str | Path) -> None:
    lent = ("runuser", "-u", _USER, "--") if os.geteuid() == 0 else ()
    subprocess.run([*lent, *map(str, command)], check=True, cwd="/", stdout=subprocess.DEVNULL)
