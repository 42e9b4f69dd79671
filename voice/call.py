"""One telephone call, stepped by its sound: a frame of 20 ms in, a frame of 20 ms out.

Needs no clock, no sockets and no sleep, and never raises: whatever breaks inside becomes an apology
and a person. The way in steps it until ``is_over``, and says ``hung_up`` if the caller is gone.
"""

from __future__ import annotations

import logging
import traceback
from concurrent.futures import Executor

from voice.answerer import Answerer, CallInfo
from voice.audio import FRAME_BYTES, SILENCE
from voice.dialogue import Dialogue
from voice.echo import EchoGuard
from voice.events import CallEvent
from voice.floor import Outcome
from voice.hearing import Echoes
from voice.listening import Activity
from voice.parts import Outside, assembled
from voice.recognition import Recogniser
from voice.speaking import Renders
from voice.timers import Limits
from voice.vad import VoiceActivity

log = logging.getLogger(__name__)

OFFICE = "街道办事处"


class Call:
    """A call from the greeting to its end.

    ``office`` is named in the greeting. Not for use from several threads at once.
    """

    def __init__(
        self,
        info: CallInfo,
        answerer: Answerer,
        recogniser: Recogniser,
        speech: Renders,
        executor: Executor,
        *,
        office: str = OFFICE,
        limits: Limits | None = None,
        activity: Activity | None = None,
        echoes: Echoes | None = None,
    ) -> None:
        self.info = info
        parts = assembled(
            Outside(
                info,
                answerer,
                recogniser,
                speech,
                executor,
                activity or VoiceActivity(),
                echoes or EchoGuard(),
                limits or Limits(),
                office,
            )
        )
        self._clock, self._log = parts.clock, parts.log
        self._speaking, self._floor = parts.speaking, parts.floor
        self._dialogue = Dialogue(parts)
        self._has_begun = self._has_broken = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be said or heard."""
        return self._floor.state == "over"

    @property
    def outcome(self) -> Outcome:
        """What the line wishes now that the call is over; "" if the caller hung up."""
        return self._floor.outcome

    @property
    def state(self) -> str:
        """speak, listen, capture, think or over."""
        return self._floor.state

    @property
    def events(self) -> list[CallEvent]:
        """What happened since this was last read."""
        return self._log.drain()

    def step(self, incoming: bytes, keys: str = "") -> bytes:
        """Take a frame and the keys pressed since the last one; return the frame to be heard."""
        if self.is_over:
            return SILENCE
        try:
            return self._stepped(incoming[:FRAME_BYTES].ljust(FRAME_BYTES, b"\0"), keys)
        except Exception as error:  # noqa: BLE001 (a caller is never met with a dead line)
            self._report(error)
            self._break_off()
            return SILENCE

    def hung_up(self) -> None:
        """The caller is gone."""
        self._floor.finish("", "hung_up")

    def _stepped(self, frame: bytes, keys: str) -> bytes:
        self._clock.tick()
        if not self._has_begun:
            self._has_begun = True
            self._dialogue.begin()
        if not self._has_broken:
            self._dialogue.press(keys)
            self._dialogue.hear(frame)
            self._dialogue.run()
        sound = self._speaking.step()
        self._dialogue.settle()
        return sound

    def _break_off(self) -> None:
        """Apologise and hand over; if even that breaks, end."""
        if self._has_broken:
            self._floor.finish("hand_over", "failed")
            return
        self._has_broken = True
        try:
            self._dialogue.collapse()
        except Exception as error:  # noqa: BLE001 (as above)
            self._report(error)
            self._floor.finish("hand_over", "failed")

    def _report(self, error: Exception) -> None:
        # The message may hold what a caller said; where it broke does not.
        place = "".join(traceback.format_tb(error.__traceback__))
        log.error("call %s: %s\n%s", self.info.call_id, type(error).__name__, place)
