"""The gazetteer's CSV as a file, from the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

from bot.gazetteer.exchange import gazetteer_export, gazetteer_import


def export_file(target: Path) -> int:
    """Write all communities and estates to a file; return the exit code."""
    try:
        # The mark lets a spreadsheet read the file as UTF-8.
        target.write_text(gazetteer_export(), encoding="utf-8-sig", newline="")
    except OSError as error:
        return _failed(f"{target} cannot be written: {error}")
    print(f"written: {target}")
    return 0


def import_file(source: Path) -> int:
    """Read communities and estates from a file and tell what is wrong; return the exit code."""
    try:
        done = gazetteer_import(csv_text(source.read_bytes()))
    except (OSError, UnicodeDecodeError) as error:
        return _failed(f"{source} cannot be read: {error}")
    for row in done.errors:
        print(row)
    if done.errors:
        return _failed(f"{len(done.errors)} rows have errors, nothing was stored")
    print(f"{done.communities} communities, {done.estates} estates stored")
    return 0


def csv_text(data: bytes) -> str:
    """Return a spreadsheet's CSV as text: UTF-8, or GB 18030 as Chinese Excel writes it.

    Raises UnicodeDecodeError.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def _failed(reason: str) -> int:
    print(f"error: {reason}", file=sys.stderr)
    return 1
