"""The tree of words over phones: what a word sounds like, as arcs of OpenFst's text.

Every word leads from the root back to it; words with a common beginning share it. A phone is an arc
that enters a state and a loop that stays in it. Its number tells where in its word it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from voice.recognition.training.lexicon import Phones, Reading

_POSITIONS = ("begin", "end", "internal", "singleton")
_BEGIN, _END, _INTERNAL, _SINGLETON = range(4)
_SILENCE_COST = 1.0
_UNKNOWN_COST = 3.0  # per phone; run-time grammars only, the built-in model never says [unk]
ROOT = 0
NOTHING = 0  # no label


@dataclass(frozen=True)
class PhoneTable:
    """The graph's phones: silence is 1, then each phone in four positions within its word."""

    phones: tuple[str, ...]

    def number(self, phone: str, position: int) -> int:
        """Return the graph's number of a phone of the network."""
        return 2 + 4 * (self.phones.index(phone) - 1) + position

    @property
    def classes(self) -> list[int]:
        """Return for each phone of the graph which phone of the network it is."""
        return [0] + [index for index in range(1, len(self.phones)) for _ in _POSITIONS]

    @property
    def boundaries(self) -> str:
        """Return ``word_boundary.int``: which phones begin and end words."""
        kinds = ["nonword", *_POSITIONS * (len(self.phones) - 1)]
        return "".join(f"{number} {kind}\n" for number, kind in enumerate(kinds, 1))

    @property
    def unused_transition(self) -> int:
        """Return an input label that no arc bears; vosk wants one to mark word borders."""
        return 2 * len(self.classes) + 1


@dataclass
class PhoneTree:
    """Arcs of HCL as OpenFst's text; every word leads from the root back to it."""

    table: PhoneTable
    lines: list[str] = field(default_factory=list)
    _states: int = 1
    _branches: dict[tuple[int, int], int] = field(default_factory=dict)

    def add_silence(self) -> None:
        """Let silence stand between any two words."""
        self._arc(self._phone(ROOT, 1, _SILENCE_COST), ROOT)

    def add_word(self, number: int, reading: Reading) -> None:
        """Add one reading of a word."""
        state = ROOT
        for index, phone in enumerate(reading.phones):
            label = self.table.number(phone, _position(index, reading.phones))
            if (state, label) not in self._branches:
                self._branches[state, label] = self._phone(state, label)
            state = self._branches[state, label]
        self._arc(state, ROOT, word=number, cost=reading.cost)

    def add_unknown(self, number: int) -> None:
        """Add a word that sounds like anything of two phones or more."""
        start, middle = self._new_state(), self._new_state()
        self._arc(ROOT, start)
        for phone in self.table.phones[1:]:
            for position, source, target in (
                (_BEGIN, start, middle),
                (_INTERNAL, middle, middle),
                (_END, middle, ROOT),
            ):
                said = self._phone(source, self.table.number(phone, position), _UNKNOWN_COST)
                self._arc(said, target, word=number if position == _END else NOTHING)

    def _phone(self, source: int, label: int, cost: float = 0.0) -> int:
        """Add an arc that enters the phone and a loop that stays in it."""
        state = self._new_state()
        self.lines.append(f"{source} {state} {2 * label} {NOTHING} {cost:.4f}\n")
        self.lines.append(f"{state} {state} {2 * label - 1} {NOTHING} 0\n")
        return state

    def _arc(self, source: int, target: int, word: int = NOTHING, cost: float = 0.0) -> None:
        self.lines.append(f"{source} {target} {NOTHING} {word} {cost:.4f}\n")

    def _new_state(self) -> int:
        self._states += 1
        return self._states - 1


def _position(index: int, phones: Phones) -> int:
    if len(phones) == 1:
        return _SINGLETON
    if index == 0:
        return _BEGIN
    return _END if index == len(phones) - 1 else _INTERNAL
