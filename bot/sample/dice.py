"""What is drawn by lot: moments, names, phones. The same seed draws the same."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final, TypeVar

from tqdm import tqdm

T = TypeVar("T")

DAYS: Final = 180
BATCH: Final = 2000
# How much is asked in each hour of the day.
HOURS: Final = (
    1,
    1,
    1,
    1,
    1,
    2,
    4,
    10,
    30,
    60,
    58,
    40,
    20,
    25,
    50,
    55,
    45,
    30,
    18,
    16,
    14,
    9,
    5,
    2,
)
_SURNAMES: Final = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_GIVEN: Final = ("秀英", "建国", "桂兰", "志强", "玉珍", "海燕", "明", "丽", "小军", "淑芬")


class Dice:
    """Draws by lot; ``now`` is where the time that is drawn from ends."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.lot = random.Random(seed)
        self.now = now

    def one(self, of: Sequence[T]) -> T:
        """Return one of them."""
        return self.lot.choice(of)

    def weighed(self, of: dict[T, float]) -> T:
        """Return one of them, by its weight."""
        return self.lot.choices(list(of), list(of.values()))[0]

    def happens(self, share: float) -> bool:
        """Whether something that happens so often happens."""
        return self.lot.random() < share

    def moment(self, days: int = DAYS) -> datetime:
        """Return a moment of the last days, in working hours rather than at night."""
        day = self.now - timedelta(days=self.lot.randrange(days))
        hour = self.lot.choices(range(24), HOURS)[0]
        at = day.replace(hour=hour, minute=self.lot.randrange(60), second=self.lot.randrange(60))
        return at if at < self.now else at - timedelta(days=1)

    def later(self, than: datetime, hours: float) -> datetime:
        """Return a moment up to so many hours later, never after now."""
        return min(self.now, than + timedelta(hours=self.lot.uniform(0, hours)))

    def name(self) -> str:
        """Return a name that nobody was asked for."""
        return self.one(_SURNAMES) + self.one(_GIVEN)

    def phone(self) -> str:
        """Return a phone number out of the range that is given to nobody."""
        return f"13800{self.lot.randrange(1_000_000):06}"


def stored(rows: Iterable[Any], total: int, what: str) -> None:
    """Store rows of one table in batches, showing how far it is."""
    with tqdm(total=total, desc=what, unit="row") as bar:
        for batch in in_batches(rows):
            type(batch[0])._default_manager.bulk_create(batch, batch_size=BATCH)
            bar.update(len(batch))


def in_batches(rows: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """Yield lists of at most so many."""
    rest = iter(rows)
    while batch := list(islice(rest, size)):
        yield batch
