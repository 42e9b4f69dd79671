"""Debian's OpenFst tools (``libfst-tools``, ``libfst22-plugins-base``): text in, vosk's graphs out.

Version 1.7.9 writes what vosk 0.3.45 reads. The look-ahead types are plug-ins, and the tools find
plug-ins only where ``LD_LIBRARY_PATH`` points.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

_PLUGIN = "olabel_lookahead-fst.so"
_PACKAGES = "apt-get install libfst-tools libfst22-plugins-base"


def convert(text: str, commands: Sequence[Sequence[str]]) -> bytes:
    """Return what the commands make of the text, each reading what the one before wrote.

    Raises RuntimeError with what the tool said if one fails or is not installed.
    """
    data = text.encode()
    for command in commands:
        try:
            done = subprocess.run(
                list(command), input=data, capture_output=True, env=_environment(), check=False
            )
        except FileNotFoundError as error:
            raise RuntimeError(f"expected {command[0]}; try: {_PACKAGES}") from error
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stderr.decode(errors='replace').strip()}")
        data = done.stdout
    return data


def _environment() -> dict[str, str]:
    found = sorted(Path("/usr/lib").glob(f"*/fst/*/{_PLUGIN}"))
    if not found:
        raise RuntimeError(f"expected OpenFst's look-ahead plug-ins; try: {_PACKAGES}")
    return {**os.environ, "LD_LIBRARY_PATH": str(found[-1].parent)}
