"""From espeak's phones to segments: what is said from which sample to which.

Tones are left out. Vosk hears a telephone's cepstra, in which a network finds the phone nine times
out of ten and the tone hardly better than by guessing; tonal phones cost a fifth more wrong
characters (measured on 120 left-out questions). Silence is ``SIL``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voice.recognition.training.espeak import PhoneStart

SILENCE = "SIL"
_CLOSURE = "_|"  # between syllables: the closure of the next stop, no phone of its own
_STRESS = "',=%"
_BORDER = re.compile(r"_[|!:]*|\s+")
_OTHER_LANGUAGE = "("  # espeak spells what it cannot read in English: "(en)…(cmn)"
# Longest first. A syllable: consonants, a vowel with its tone, perhaps a nasal that opens no other.
_CONSONANT = r"tS;h|ts\.h|tsh|tS;|ts\.|S;|s\.|z\.|ph|th|kh|ts|[pmftnlkXsjw]"
_SYLLABLE = re.compile(
    rf"(?P<onset>(?:{_CONSONANT})*)(?P<vowel>[^\d]+?)\d+(?P<coda>N|n(?=[^aeiouyAEIOUY@]|$))?"
)
_CONSONANTS = re.compile(_CONSONANT)


class NotMandarin(ValueError):
    """Espeak read something in another language or not as syllables; leave this sentence out."""


@dataclass(frozen=True)
class Segment:
    """One phone and the samples it lasts."""

    phone: str
    start: int
    end: int


def segments(starts: Sequence[PhoneStart], sample_count: int) -> list[Segment]:
    """Return what is said, without gaps. Raises NotMandarin."""
    ends = [start.sample for start in starts[1:]] + [sample_count]
    raw = [
        Segment(_name(start), start.sample, end) for start, end in zip(starts, ends, strict=True)
    ]
    lasting = (one for one in raw if one.end > one.start or one.phone not in (_CLOSURE, SILENCE))
    return _without_closures(lasting)


def syllables(transcript: str) -> list[tuple[str, ...]]:
    """Return the phones of each syllable; espeak says one syllable per Chinese character.

    In the transcript, other than in the events, each vowel is followed by the digits of its tone,
    which shows where syllables end. Raises NotMandarin.
    """
    if _OTHER_LANGUAGE in transcript:
        raise NotMandarin(transcript)
    words = _BORDER.split(re.sub(f"[{_STRESS}]", "", transcript))
    return [syllable for word in words for syllable in _syllables_of(word)]


def _name(start: PhoneStart) -> str:
    name = start.name.strip().lstrip(_STRESS)
    if _OTHER_LANGUAGE in name:
        raise NotMandarin(name)
    if name == _CLOSURE:
        return name
    return SILENCE if not name or name.startswith("_") else name


def _syllables_of(word: str) -> list[tuple[str, ...]]:
    found, position = [], 0
    while position < len(word):
        match = _SYLLABLE.match(word, position)
        if match is None:
            raise NotMandarin(word)
        onset = _CONSONANTS.findall(match["onset"])
        coda = [match["coda"]] if match["coda"] else []
        found.append((*onset, match["vowel"], *coda))
        position = match.end()
    return found


def _without_closures(raw: Iterable[Segment]) -> list[Segment]:
    merged: list[Segment] = []
    closed_from: int | None = None
    for segment in raw:
        if segment.phone == _CLOSURE:
            closed_from = segment.start if closed_from is None else closed_from
            continue
        start = segment.start if closed_from is None else closed_from
        if segment.phone == SILENCE and closed_from is not None and merged:
            merged[-1] = Segment(merged[-1].phone, merged[-1].start, segment.start)
            start = segment.start
        merged.append(Segment(segment.phone, start, segment.end))
        closed_from = None
    return merged
