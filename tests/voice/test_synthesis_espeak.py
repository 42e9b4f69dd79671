"""espeak in its child process: real speech at the right pace, and nothing that kills it is heard of."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from voice.audio import seconds_of
from voice.ear import for_ear
from voice.errors import SynthesizerUnavailable
from voice.loudness import SPOKEN_DBFS, speech_dbfs
from voice.prompts import fixed_prompts
from voice.synthesis import NORMAL_PACE, SLOW_PACE
from voice.synthesis.child import ChildFailed, EngineChild
from voice.synthesis.espeak import EspeakSynthesiser
from voice.synthesis.pace import characters_per_minute_of

has_espeak = importlib.util.find_spec("espeakng_loader") is not None
needs_espeak = pytest.mark.skipif(not has_espeak, reason="espeakng_loader is not installed")
ITEMS = Path(__file__).parents[2] / "knowledge" / "data" / "items"


@pytest.fixture(scope="module")
def engine() -> Iterator[EspeakSynthesiser]:
    engine = EspeakSynthesiser()
    yield engine
    engine.close()


def _guide_sentences() -> list[str]:
    """A few dozen sentences of one breath from the shipped guides."""
    items = [yaml.safe_load(path.read_text()) for path in sorted(ITEMS.glob("*.yml"))[::8]]
    texts = [text for item in items for text in (item["voice"]["brief"], item["faq"][0]["answer"])]
    spoken = [for_ear(piece) for text in texts for piece in re.split("(?<=[。；！？])", text)]
    return [text for text in spoken if 10 <= len(text) <= 30]


@needs_espeak
@pytest.mark.parametrize(
    ("pace", "least", "most"), [(NORMAL_PACE, 163, 172), (SLOW_PACE, 132, 141)]
)
def test_the_pace_measured_on_guides_is_the_pace_asked_for(
    engine: EspeakSynthesiser, pace: int, least: int, most: int
) -> None:
    text = _guide_sentences()
    sound = b"".join(engine.speak(sentence, pace) for sentence in text)
    assert len(text) >= 30
    assert least <= characters_per_minute_of("".join(text), sound) <= most


@needs_espeak
def test_every_fixed_sentence_is_said_at_one_loudness(engine: EspeakSynthesiser) -> None:
    for sentence in fixed_prompts(office="街道").values():
        assert speech_dbfs(engine.speak(for_ear(sentence), NORMAL_PACE)) == pytest.approx(
            SPOKEN_DBFS, abs=0.5
        )


@needs_espeak
def test_a_child_that_crashes_costs_nothing_but_time(engine: EspeakSynthesiser) -> None:
    before = engine.speak("您好", NORMAL_PACE)
    pid = engine.child.pid
    assert pid is not None
    os.kill(pid, signal.SIGSEGV)
    assert seconds_of(engine.speak("您好", NORMAL_PACE)) == pytest.approx(
        seconds_of(before), abs=0.05
    )
    assert engine.child.pid != pid


@needs_espeak
def test_a_child_that_hangs_is_replaced(engine: EspeakSynthesiser) -> None:
    engine.speak("您好", NORMAL_PACE)
    pid = engine.child.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ChildFailed, match="in time"):
        engine.child.ask("您好", 130, seconds=0.2)
    assert engine.speak("您好", NORMAL_PACE)
    assert not Path(f"/proc/{pid}").exists()


@needs_espeak
def test_callers_who_speak_at_once_each_get_their_own_sentence(engine: EspeakSynthesiser) -> None:
    texts = ["一" * length for length in (2, 5, 9, 14, 20)] * 4
    alone = {text: engine.speak(text, NORMAL_PACE) for text in set(texts)}
    with ThreadPoolExecutor(8) as pool:
        together = pool.map(lambda text: engine.speak(text, NORMAL_PACE), texts)
        for text, pcm in zip(texts, together, strict=True):
            assert seconds_of(pcm) == pytest.approx(seconds_of(alone[text]), abs=0.05)


@needs_espeak
def test_the_library_is_loaded_in_the_child_alone(engine: EspeakSynthesiser) -> None:
    engine.speak("您好", NORMAL_PACE)
    assert "libespeak-ng" in Path(f"/proc/{engine.child.pid}/maps").read_text()
    assert "libespeak-ng" not in Path("/proc/self/maps").read_text()


@needs_espeak
def test_the_child_holds_its_memory(engine: EspeakSynthesiser) -> None:
    def megabytes() -> float:
        return int(Path(f"/proc/{engine.child.pid}/statm").read_text().split()[1]) * 4096 / 1e6

    for _ in range(50):
        engine.child.ask("请带身份证到社区办理", 200, 5)
    warm = megabytes()
    for _ in range(200):
        engine.child.ask("请带身份证到社区办理", 200, 5)
    assert megabytes() < warm + 1
    assert megabytes() < 40


@needs_espeak
def test_no_text_of_a_caller_is_seen_among_the_processes(engine: EspeakSynthesiser) -> None:
    engine.speak("王阿姨", NORMAL_PACE)
    assert "王阿姨" not in Path(f"/proc/{engine.child.pid}/cmdline").read_text()


@needs_espeak
def test_the_child_ends_when_its_supervisor_is_killed() -> None:
    code = (
        "from voice.synthesis.espeak import EspeakSynthesiser as E; e = E(); e.speak('您好', 167);"
        "print(e.child.pid, flush=True); import time; time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        supervisor.kill()
    deadline = time.monotonic() + 10
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@needs_espeak
def test_a_voice_that_does_not_exist_is_named_as_the_fault() -> None:
    with pytest.raises(SynthesizerUnavailable, match="does not know the voice"):
        EspeakSynthesiser("no such voice").speak("您好", NORMAL_PACE)


def test_without_the_package_the_operator_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(SynthesizerUnavailable, match="pip install"):
        EspeakSynthesiser().speak("您好", NORMAL_PACE)


def test_a_crash_is_retried_once_at_another_rate_and_no_more() -> None:
    engine = EspeakSynthesiser()

    rates = []

    class Crashing:
        def ask(self, text: str, rate: float, seconds: float) -> object:
            rates.append(rate)
            raise ChildFailed("the process ended")

    engine._child = Crashing()  # type: ignore[assignment]
    with pytest.raises(SynthesizerUnavailable, match="the process ended"):
        engine.speak("您好", NORMAL_PACE)
    assert rates == [rates[0], rates[0] + 1]


_HALF = "import sys, os; os.write(1, b'\\0\\0\\0\\1\\0\\0\\0\\0'); sys.stdin.buffer.read(12); os.write(1, b'\\0\\0\\x1f\\x40\\0\\0\\1\\0half')"


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("import os; os._exit(3)", "ended"),
        ("import time; time.sleep(60)", "in time"),
        ("import os; os.write(1, b'\\0\\0\\0\\0\\0\\0\\0\\4What')", "What"),
        (_HALF, "ended"),
    ],
)
def test_a_child_that_dies_hangs_refuses_or_breaks_off_is_gone_afterwards(
    code: str, fault: str
) -> None:
    child = EngineChild("unused", (), ready_seconds=5 if fault != "in time" else 0.3)
    child._command = [sys.executable, "-S", "-c", code]
    with pytest.raises(ChildFailed, match=fault):
        child.ask("您好", 1.0, seconds=5)
    assert child.pid is None
    assert child.starts == 1


def test_stopping_while_nobody_asks_is_no_fault() -> None:
    EngineChild("unused", (), ready_seconds=1).stop()
