"""How each word is said: the phones that espeak says for it where it stands in our sentences.

A word said alone is often said otherwise than in a sentence (不, 一, 得), and taking every reading
that a dictionary knows lets rare ones win (能 as 耐). So readings are counted in context and each
costs what its rarity says; words that no sentence holds are said alone. Single characters, out of
which unknown words are put together, count within words too.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from voice.recognition.training import children
from voice.recognition.training.alignment import NotMandarin, syllables
from voice.recognition.training.espeak import Espeak

_CHUNK = 20_000
_LEAST_COUNT = 5  # of ten per occurrence, or one within a word
_LEAST_SHARE = 0.04
_MOST_READINGS = 3
_BY_ITSELF = 10  # a word counts more where it stands by itself than a character within a word

Phones = tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """One way to say a word; ``cost``: how much dearer than its usual one, in nats."""

    phones: Phones
    cost: float = 0.0


def said_syllables(lines: Iterable[str], folder: Path, processes: int) -> dict[str, list[Phones]]:
    """Return the syllables of each line as espeak says them, one per character.

    Lines that espeak reads in another language or cuts otherwise are missing.
    """
    pieces = list(dict.fromkeys(lines))
    chunks = [pieces[start : start + _CHUNK] for start in range(0, len(pieces), _CHUNK)]
    outputs = [str(folder / f"readings-{number}.json") for number in range(len(chunks))]
    children.work_in_children(write_chunk, chunks, outputs, processes, "readings")
    said: dict[str, list[Phones]] = {}
    for output in outputs:
        for line, phones in json.loads(Path(output).read_text(encoding="utf-8")).items():
            said[line] = [tuple(syllable) for syllable in phones]
    return said


def write_chunk(lines: Sequence[str], output: str, counter: children.Counter) -> None:
    """Write the syllables of a chunk of lines; runs in a child process."""
    espeak = Espeak()
    said = {}
    for line in lines:
        counter.step()
        try:
            phones = syllables(espeak.phonemes(line))
        except NotMandarin:
            continue
        if len(phones) == sum(character.isalpha() for character in line):
            said[line] = phones
    Path(output).write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")


def lexicon(
    sentences: Mapping[str, Sequence[str]],
    vocabulary: Iterable[str],
    said: Mapping[str, Sequence[Phones]],
    known_phones: Iterable[str],
) -> dict[str, list[Reading]]:
    """Return the readings of each word that can be said with the known phones.

    ``sentences``: line → its words in order; ``said``: line or word → its syllables.
    """
    known = set(known_phones)
    heard = _counted(sentences, said)
    found = {}
    for word in vocabulary:
        readings = usual_readings(heard.get(word, Counter()), _alone(word, said))
        sayable = [reading for reading in readings if known.issuperset(reading.phones)]
        if sayable:
            found[word] = sayable
    return found


def usual_readings(counts: Counter[Phones], alone: Phones | None) -> list[Reading]:
    """Return the commonest readings; said alone counts only where no sentence tells more."""
    total = counts.total()
    usual = [
        (phones, count)
        for phones, count in counts.most_common(_MOST_READINGS)
        if count >= _LEAST_COUNT and count >= _LEAST_SHARE * total
    ]
    if not usual:
        usual = counts.most_common(1) or ([(alone, 1)] if alone else [])
    readings = [Reading(phones, math.log(usual[0][1] / count)) for phones, count in usual]
    if alone and all(alone != reading.phones for reading in readings):
        readings.append(Reading(alone, max(math.log(1 / _LEAST_SHARE), readings[-1].cost)))
    return readings


def _counted(
    sentences: Mapping[str, Sequence[str]], said: Mapping[str, Sequence[Phones]]
) -> dict[str, Counter[Phones]]:
    heard: dict[str, Counter[Phones]] = defaultdict(Counter)
    for line, words in sentences.items():
        syllables_left = list(said.get(line, ()))
        if len(syllables_left) != sum(map(len, words)):
            continue
        for word in words:
            own, syllables_left = syllables_left[: len(word)], syllables_left[len(word) :]
            heard[word][_joined(own)] += _BY_ITSELF
            if len(word) > 1:
                for character, syllable in zip(word, own, strict=True):
                    heard[character][syllable] += 1
    return heard


def _alone(word: str, said: Mapping[str, Sequence[Phones]]) -> Phones | None:
    if word in said:
        return _joined(said[word])
    if all(character in said for character in word):
        return _joined([said[character][0] for character in word])
    return None


def _joined(syllables_of_word: Iterable[Phones]) -> Phones:
    return tuple(phone for syllable in syllables_of_word for phone in syllable)
