"""How fast is speech? Counted in characters that are said, over all of a sentence's sound."""

from __future__ import annotations

import re

from voice.audio import seconds_of

_SAID = re.compile(r"[\u3400-\u9fff]")


def characters_per_minute_of(text: str, pcm: bytes) -> float:
    """Return the pace of ``text`` (of ``voice.ear``) spoken as s16le at 8 kHz; 0 without sound."""
    return len(_SAID.findall(text)) * 60 / seconds_of(pcm) if pcm else 0.0
