"""What a recogniser makes of a sentence: homophones, lost characters, fillers, no punctuation.

For measuring how a share of wrong characters hurts, after errors that Mandarin recognisers make on
the telephone: mostly another character of the same or a neighbouring sound, sometimes none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from random import Random

from knowledge.search.analysis import normalise, spoken_units

SUBSTITUTED = 0.8  # of the errors; the others are lost characters
FILLERS = ("嗯", "那个", "就是说", "呃", "这个")
FILLERS_A_SENTENCE = 2


class Garbler:
    """Knows which characters sound alike, from texts of the trade."""

    def __init__(self, texts: Iterable[str]) -> None:
        alike: dict[str, set[str]] = defaultdict(set)
        for text in texts:
            for character, sound in spoken_units(normalise(text)):
                if character and not character.isascii():
                    alike[sound].add(character)
        self._alike = {sound: sorted(characters) for sound, characters in alike.items()}

    def garbled(self, text: str, rate: float, draw: Random) -> str:
        """Return ``text`` as heard with a share ``rate`` (0..1) of its characters wrong."""
        heard = [
            self._misheard(character, sound, draw) if draw.random() < rate else character or sound
            for character, sound in spoken_units(normalise(text))
        ]
        for _ in range(FILLERS_A_SENTENCE):
            heard.insert(draw.randrange(len(heard) + 1), draw.choice(FILLERS))
        return "".join(heard)

    def _misheard(self, character: str, sound: str, draw: Random) -> str:
        others = [one for one in self._alike.get(sound, ()) if one != character]
        return draw.choice(others) if others and draw.random() < SUBSTITUTED else ""
