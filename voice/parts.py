"""What one call is made of, put together once and handed to those who conduct it."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

from voice.answerer import Answerer, CallInfo
from voice.asking import Asking
from voice.events import EventLog
from voice.floor import Floor
from voice.hearing import Echoes, Hearing
from voice.listening import Activity, Listening
from voice.recognition import Recogniser
from voice.speaking import Renders, Speaking
from voice.timers import AudioClock, Limits


@dataclass(frozen=True)
class Outside:
    """What a call is handed: who answers, hears, speaks, and a thread to ask in."""

    info: CallInfo
    answerer: Answerer
    recogniser: Recogniser
    speech: Renders
    executor: Executor
    activity: Activity
    echoes: Echoes
    limits: Limits
    office: str


@dataclass(frozen=True)
class Parts:
    """The parts of one call; each knows those before it at most."""

    clock: AudioClock
    log: EventLog
    limits: Limits
    speaking: Speaking
    listening: Listening
    asking: Asking
    floor: Floor
    hearing: Hearing
    office: str


def assembled(outside: Outside) -> Parts:
    """Return the parts of a new call."""
    clock, limits = AudioClock(), outside.limits
    log = EventLog(clock)
    speaking = Speaking(outside.speech, clock, log)
    listening = Listening(outside.recogniser, outside.activity, clock, limits)
    asking = Asking(outside.info, outside.answerer, outside.executor)
    floor = Floor(clock, log, speaking, listening, asking)
    hearing = Hearing(floor, listening, speaking, outside.echoes, clock, log, limits)
    return Parts(clock, log, limits, speaking, listening, asking, floor, hearing, outside.office)
