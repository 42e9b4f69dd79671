"""All calls of one process: opened, refused, counted, closed, and brought to an end at shutdown.

Lives in one event loop, like the ways in that open calls here. Every call that is handed out is
guarded (``voice.guard``), so that a bad one ends alone. What is said, and to whom the answers are
known, is the business of the factory's calls.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence

from voice.answerer import CallInfo
from voice.errors import Busy, RegistrationRefused
from voice.guard import Announcement, GuardedCall, Stepped, where

log = logging.getLogger(__name__)

# How long the closing words of calls that outlast a shutdown may take.
CLOSING_WORDS_SECONDS = 15.0
# As many refusals are spoken at once as calls are held, and this many more; beyond it, silence.
MORE_REFUSALS = 10
_COUNTED_AS = {"hang_up": "completed", "hand_over": "handed_over", "failed": "failed"}
COUNTED = ("opened", "refused", "completed", "handed_over", "hung_up", "failed")

CallFactory = Callable[[CallInfo], Stepped]


class Gateway:
    """Holds at most ``max_calls`` calls, made by ``factory``.

    ``refusal_frames`` are what a caller hears whom the line cannot take, ``apology_frames`` what
    ends a call that broke, ``not_passed_on_frames`` one that nobody took over. ``on_refused`` is
    told who was not taken, and must not block.
    """

    def __init__(
        self,
        factory: CallFactory,
        max_calls: int,
        *,
        refusal_frames: Sequence[bytes] = (),
        apology_frames: Sequence[bytes] = (),
        not_passed_on_frames: Sequence[bytes] = (),
        on_refused: Callable[[CallInfo], None] | None = None,
    ) -> None:
        self.max_calls = max_calls
        self.refusal_frames = refusal_frames
        self.apology_frames = apology_frames
        self.not_passed_on_frames = not_passed_on_frames
        self.is_draining = False
        self._factory = factory
        self._on_refused = on_refused
        self._calls: dict[str, GuardedCall] = {}
        self._refusals: set[Announcement] = set()
        self._counts: Counter[str] = Counter()
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    def open(self, info: CallInfo) -> GuardedCall:
        """Return a new call. Raises Busy if there is no room, RegistrationRefused if it is open."""
        if info.call_id in self._calls:
            raise RegistrationRefused(f"call {info.call_id} is open already")
        if self.is_draining or len(self._calls) >= self.max_calls:
            self._refuse(info)
            raise Busy(f"{len(self._calls)} of {self.max_calls} calls are open")
        call = GuardedCall(info, self._made(info), self.apology_frames, self.not_passed_on_frames)
        self._calls[info.call_id] = call
        self._is_empty.clear()
        self._counts["opened"] += 1
        return call

    def answer(self, info: CallInfo) -> Stepped:
        """Return a new call, or the refusal if there is no room. Step it, then close it."""
        try:
            return self.open(info)
        except Busy:
            has_room = len(self._refusals) < self.max_calls + MORE_REFUSALS
            refusal = Announcement(self.refusal_frames if has_room else ())
            self._refusals.add(refusal)
            return refusal

    def close(self, call: Stepped) -> None:
        """Take a call out and count how it ended; a caller who is still there counts as gone."""
        if isinstance(call, Announcement):
            self._refusals.discard(call)
            return
        if not isinstance(call, GuardedCall) or self._calls.get(call.info.call_id) is not call:
            return
        self._counts[self._ended_as(call)] += 1
        del self._calls[call.info.call_id]
        if not self._calls:
            self._is_empty.set()

    async def drain(self, seconds: float) -> None:
        """Take no new calls; wait for the running ones, then end them with closing words."""
        self.is_draining = True
        await self._emptied(seconds)
        for call in list(self._calls.values()):
            call.give_up()
        await self._emptied(CLOSING_WORDS_SECONDS)

    def counts(self) -> dict[str, int]:
        """Return how many calls there are and were, by how they ended."""
        counted = {name: self._counts[name] for name in COUNTED}
        return {"running": len(self._calls), "max_calls": self.max_calls, **counted}

    async def _emptied(self, seconds: float) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._is_empty.wait(), seconds)

    def _made(self, info: CallInfo) -> Stepped:
        try:
            return self._factory(info)
        except Exception as error:  # noqa: BLE001 (whatever broke, this caller is told)
            log.error("no call could be made for %s: %s", info.call_id, where(error))
            return Announcement(self.apology_frames, "failed")

    def _refuse(self, info: CallInfo) -> None:
        self._counts["refused"] += 1
        if self._on_refused is None:
            return
        try:
            self._on_refused(info)
        except Exception as error:  # noqa: BLE001 (the refusal is spoken all the same)
            log.error("the refusal of %s was not noted: %s", info.call_id, where(error))

    def _ended_as(self, call: GuardedCall) -> str:
        if call.has_failed:
            return "failed"
        how = _COUNTED_AS.get(call.outcome, "hung_up")
        if how == "hung_up":
            call.hung_up()
        return how
