"""Who has the floor, and what comes when the line has said what it says.

Holds the state of a call and the few moves that change it; why a move is made is decided by
``voice.dialogue``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from voice.answerer import Ending
from voice.asking import Asking
from voice.events import EventLog
from voice.listening import Listening
from voice.prompts import prompt
from voice.speaking import Sentence, Speaking, YieldsTo
from voice.timers import AudioClock

State = Literal["speak", "listen", "capture", "think", "over"]
# What follows when everything is said: listen, ask whether to go on reading, or an end.
After = Literal["opening", "listen", "go_on", "hang_up", "give_up", "hand_over", "break_off"]
Outcome = Literal["", "hang_up", "hand_over"]

_ENDS: dict[After, tuple[Outcome, Ending]] = {
    "hang_up": ("hang_up", "completed"),
    "give_up": ("hang_up", "hung_up"),
    "hand_over": ("hand_over", "handed_over"),
    "break_off": ("hand_over", "failed"),
}


def prompts(*ids: str, yields_to: YieldsTo = "speech", **values: object) -> tuple[Sentence, ...]:
    """Return sentences of the line's own, ready to be said."""
    return tuple(Sentence(prompt(id_, **values), yields_to=yields_to) for id_ in ids)


class Floor:
    """The state of one call."""

    def __init__(
        self,
        clock: AudioClock,
        log: EventLog,
        speaking: Speaking,
        listening: Listening,
        asking: Asking,
    ) -> None:
        self.state: State = "listen"
        self.after: After = "listen"
        self.outcome: Outcome = ""
        self._entered_at = 0.0
        self._clock, self._log, self._speaking = clock, log, speaking
        self._listening, self._asking = listening, asking

    def enter(self, state: State) -> None:
        """Go to ``state``."""
        if state != self.state:
            self.state, self._entered_at = state, self._clock.seconds
            self._log.add("state", state)

    def say(self, sentences: Iterable[Sentence], after: After = "listen") -> None:
        """Say this, then do what ``after`` names."""
        self._speaking.say(sentences)
        self._speaking.forget()
        self.after = after
        self.enter("speak")

    def interrupt(self) -> None:
        """Be silent, if it was the line that spoke; a filler is heard out."""
        if self.state == "speak":
            self._speaking.flush()

    def resume(self) -> bool:
        """Go on with what was interrupted for nothing; False if nothing was."""
        if not self._speaking.resume():
            return False
        self.enter("speak")
        return True

    @property
    def seconds_in_state(self) -> float:
        """How long the state has been what it is."""
        return self._clock.seconds - self._entered_at

    @property
    def is_shielded(self) -> bool:
        """Whether speech has to wait until the sentence that is being said has ended."""
        return self.state == "speak" and self._speaking.yields_to != "speech"

    @property
    def is_deaf_to_keys(self) -> bool:
        """Whether even keys have to wait."""
        return self.state == "speak" and self._speaking.yields_to == "nothing"

    @property
    def is_leaving(self) -> bool:
        """Whether the last words are being said."""
        return self.state == "speak" and self.after in _ENDS

    def close(self) -> None:
        """End as ``after`` says."""
        outcome, how = _ENDS[self.after]
        self.finish(outcome, how)

    def finish(self, outcome: Outcome, how: Ending) -> None:
        """The call is over; only the first time counts."""
        if self.state == "over":
            return
        self.outcome = outcome
        self.enter("over")
        self._log.add("end", how)
        self._speaking.flush()
        self._listening.discard()
        self._asking.end(how)
