"""How alike two stretches of Mandarin sound, to ears and mouths of Nanjing.

Tones play no part: neither the line nor the accent keeps them.
"""

from __future__ import annotations

from functools import lru_cache

from pypinyin import lazy_pinyin

NEAR = 0.25  # two sounds that the accent does not tell apart
RELATED = 0.6  # the same initial or the same final

_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
_NEAR_INITIALS = frozenset(
    map(frozenset, [("n", "l"), ("zh", "z"), ("ch", "c"), ("sh", "s"), ("h", "f"), ("r", "l")])
)
_NEAR_FINALS = frozenset(map(frozenset, [("in", "ing"), ("en", "eng")]))
# f takes no glide: who says f for h says fei for hui and fang for huang.
_WITHOUT_GLIDE = {"ui": "ei", "un": "en", "uan": "an", "uang": "ang", "uo": "o", "ua": "a"}

Syllables = tuple[str, ...]


def syllables_of(text: str) -> Syllables:
    """Return one syllable per character, without tones; other characters stand for themselves."""
    # What is not Chinese arrives in one piece and is handed back character by character, which
    # pypinyin allows and its annotations do not tell.
    return tuple(lazy_pinyin(text, errors=list))  # type: ignore[arg-type]


@lru_cache(maxsize=65536)
def syllable_cost(heard: str, meant: str) -> float:
    """Return how unlike two syllables sound: 0 the same, 1 nothing in common."""
    if heard == meant:
        return 0.0
    (initial, final), (other_initial, other_final) = _parts(heard), _parts(meant)
    if "f" in (initial, other_initial) and "h" in (initial, other_initial):
        final = _WITHOUT_GLIDE.get(final, final)
        other_final = _WITHOUT_GLIDE.get(other_final, other_final)
    return min(
        1.0,
        _part_cost(initial, other_initial, _NEAR_INITIALS)
        + _part_cost(final, other_final, _NEAR_FINALS),
    )


def _part_cost(one: str, other: str, near: frozenset[frozenset[str]]) -> float:
    if one == other:
        return 0.0
    return NEAR if frozenset((one, other)) in near else RELATED


def _parts(syllable: str) -> tuple[str, str]:
    initial = next((i for i in _INITIALS if syllable.startswith(i)), "")
    return initial, syllable[len(initial) :]


def distance(heard: Syllables, meant: Syllables) -> float:
    """Return the edit distance; a swallowed or added syllable costs 1."""
    row = [float(n) for n in range(len(meant) + 1)]
    for line, syllable in enumerate(heard, start=1):
        before, row[0] = row[0], float(line)
        for at, other in enumerate(meant, start=1):
            kept = before + syllable_cost(syllable, other)
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, kept)
    return row[-1]


@lru_cache(maxsize=4096)
def folded(syllable: str) -> str:
    """One spelling for all that may be heard as the same."""
    initial, final = _parts(syllable)
    if initial == "h":
        final = _WITHOUT_GLIDE.get(final, final)
    initial = {"zh": "z", "ch": "c", "sh": "s", "n": "l", "r": "l", "h": "f"}.get(initial, initial)
    return initial + {"ing": "in", "eng": "en"}.get(final, final)
