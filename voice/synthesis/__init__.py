"""Speech made from text: recordings first, then what was rendered ahead, then a live engine.

This module only says what an engine is. ``speech`` puts everything together, ``choosing`` finds the
engine; engines run in child processes (``espeak_child``, ``sherpa_child``), which import this
package too, so nothing heavy is imported here.
"""

from __future__ import annotations

from typing import Protocol

# Characters a minute that older listeners follow easily, and what "speak slower" means.
NORMAL_PACE = 167
SLOW_PACE = 136


class Synthesiser(Protocol):
    """An engine with one voice."""

    @property
    def name(self) -> str:
        """Engine and voice; sounds of another name are never taken for this one's."""

    def speak(self, text: str, characters_per_minute: int) -> bytes:
        """Return ``text`` (of ``voice.ear``) as s16le at 8 kHz. Raises SynthesizerUnavailable.

        Blocks; may be called by several threads.
        """


__all__ = ["NORMAL_PACE", "SLOW_PACE", "Synthesiser"]
