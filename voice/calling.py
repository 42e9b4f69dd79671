"""A call whose caller is a file: here in this process, or to a gateway that is running.

Prints what happened and when; what the caller heard goes to a WAV file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from voice.answerer import CallInfo
from voice.call import OFFICE, Call
from voice.errors import AnswererFailed
from voice.events import CallEvent
from voice.over_http import AnswererOverHttp
from voice.prompts import Recordings
from voice.recognition.opening import recogniser_opened
from voice.synthesis import NORMAL_PACE
from voice.synthesis.choosing import engine_of
from voice.synthesis.speech import Speech
from voice.transports.file import PATIENCE_SECONDS, Ended, call_file, call_gateway

_TOLD = {
    "final": "听到",
    "said": "说",
    "key": "按键",
    "flush": "被打断",
    "failure": "故障",
    "end": "结束",
}


@dataclass(frozen=True)
class CallOrder:
    """What the caller says, which keys are pressed when, where to keep what is heard.

    After the last word the caller hangs up when the line was quiet for ``patience_seconds``.
    """

    wav_in: tuple[Path, ...]
    wav_out: Path
    keys: tuple[tuple[float, str], ...] = ()
    patience_seconds: float = PATIENCE_SECONDS

    @property
    def recordings(self) -> Path | tuple[Path, ...]:
        """One recording holds its own pauses, several take turns with the line."""
        return self.wav_in[0] if len(self.wav_in) == 1 else self.wav_in


def call_there(order: CallOrder, host: str, port: int) -> int:
    """Ring an AudioSocket gateway; returns the exit code."""
    ended = asyncio.run(
        call_gateway(
            host,
            port,
            order.recordings,
            order.wav_out,
            keys=order.keys,
            patience_seconds=order.patience_seconds,
        )
    )
    return _report(order, ended, ())


def call_here(
    order: CallOrder,
    *,
    url: str,
    api_key: str,
    model: Path,
    prompts: Path | None,
    voice: Path | None,
) -> int:
    """Hold the call in this process, with answers from the service at ``url``."""
    if not api_key:
        raise AnswererFailed("expected a key of the service in BOT_API_KEY, it is empty")
    info = CallInfo(str(uuid4()), transport="file")
    with ExitStack() as held:
        answerer, engine = AnswererOverHttp(url, api_key), engine_of(voice, NORMAL_PACE)
        held.callback(engine.close)
        held.callback(answerer.close)
        executor = held.enter_context(ThreadPoolExecutor(2))
        speech = Speech(engine, None, Recordings(prompts, office=OFFICE))
        held.callback(speech.close)
        call = Call(info, answerer, recogniser_opened(model), speech, executor)
        ended = call_file(
            call, order.recordings, order.wav_out, True, order.keys, order.patience_seconds
        )
        return _report(order, ended, call.events)


def _report(order: CallOrder, ended: Ended, events: Iterable[CallEvent]) -> int:
    for event in events:
        if event.name in _TOLD:
            print(f"{event.seconds:7.2f} s  {_TOLD[event.name]} {event.text}".rstrip())
    print(f"{ended.seconds:7.2f} s  {ended.outcome or 'hung_up'}，听到的声音在 {order.wav_out}")
    return 0
