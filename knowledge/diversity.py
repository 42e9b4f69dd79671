"""How unlike each other are the phrasings of an item? ``python -m knowledge.diversity [ids]``.

Two figures an item: how many of all groups of three characters occur once only, and how far a line
is from its nearest neighbour (1 minus Jaccard's index of the groups; 1 is nothing in common).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from knowledge.files import load_knowledge
from knowledge.record import Phrasing
from knowledge.search.analysis import squeezed

GROUP = 3


@dataclass(frozen=True)
class Diversity:
    """Of one item; shares and distances 0..1, higher is more diverse."""

    lines: int
    by_style: dict[str, int]
    distinct: float
    median_distance: float
    nearest: tuple[float, str, str]


def diversity(phrasings: Sequence[Phrasing]) -> Diversity:
    """Measure at least two phrasings."""
    groups = [_groups(each.text) for each in phrasings]
    counted = Counter(group for of_line in groups for group in of_line)
    nearest = [
        min(
            (1 - len(mine & other) / len(mine | other), number, against)
            for against, other in enumerate(groups)
            if against != number
        )
        for number, mine in enumerate(groups)
    ]
    distance, one, other = min(nearest)
    return Diversity(
        lines=len(phrasings),
        by_style=dict(Counter(each.style for each in phrasings)),
        distinct=sum(count == 1 for count in counted.values()) / len(counted),
        median_distance=median(distance for distance, _, _ in nearest),
        nearest=(distance, phrasings[one].text, phrasings[other].text),
    )


def _groups(text: str) -> frozenset[str]:
    letters = squeezed(text)
    return frozenset(letters[at : at + GROUP] for at in range(max(1, len(letters) - GROUP + 1)))


def main() -> int:
    """Print a line an item, the least diverse first, and the mean."""
    files = load_knowledge()
    wanted = sys.argv[1:] or sorted(files.phrasings)
    if unknown := [item for item in wanted if item not in files.phrasings]:
        print(f"error: no phrasings of {', '.join(unknown)}", file=sys.stderr)
        return 1
    found = {item: diversity(files.phrasings[item]) for item in wanted}
    for item, each in sorted(found.items(), key=lambda pair: pair[1].median_distance):
        distance, one, other = each.nearest
        print(
            f"{item}  {each.lines:3} lines  distinct {each.distinct:.2f}  "
            f"nearest neighbour {each.median_distance:.2f}, at least {distance:.2f}: "
            f"{one} / {other}"
        )
    mean = sum(each.median_distance for each in found.values()) / len(found)
    print(f"mean nearest neighbour {mean:.3f} over {len(found)} items")
    return 0


if __name__ == "__main__":
    sys.exit(main())
