"""What the line says by itself: fixed sentences as text, and as sound where staff recorded them.

The sentences are in ``prompts.yml``, id → text; some have places for values: ``{office}``. A
recording ``<id>.wav`` in a folder of the operator's replaces the synthetic voice for that sentence,
whole sentences only: two voices never meet in one.
"""

from __future__ import annotations

import logging
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from voice.audio import SAMPLE_RATE_HZ, wav_read
from voice.errors import AudioUnreadable
from voice.synthesis.finishing import finished

_FILE = Path(__file__).with_name("prompts.yml")

_log = logging.getLogger(__name__)


@cache
def prompts() -> dict[str, str]:
    """Return all fixed sentences by id."""
    found: dict[str, str] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return found


def prompt(prompt_id: str, **values: object) -> str:
    """Return a fixed sentence with its places filled in. Raises KeyError for what is missing."""
    try:
        return prompts()[prompt_id].format(**values)
    except KeyError as missing:
        raise KeyError(f"expected a prompt and all its values, {missing} is missing") from missing


def fixed_prompts(**values: object) -> dict[str, str]:
    """Return by id the sentences that never change once ``values`` are known.

    These can be recorded, or rendered ahead; a sentence with any other place in it cannot.
    """
    return {
        name: text.format(**values)
        for name, text in prompts().items()
        if _places(text) <= values.keys()
    }


class Recordings:
    """The operator's recordings of fixed sentences, read once, at 8 kHz and of even loudness.

    ``values`` are those of the installation, such as the office's name. ``faults`` says why a file
    is left aside, by its name.
    """

    def __init__(self, folder: Path | None, **values: object) -> None:
        self.faults: dict[str, str] = {}
        self._sentences = fixed_prompts(**values)
        self._by_id = dict(self._read(folder)) if folder else {}
        self._by_sentence = {self._sentences[name]: pcm for name, pcm in self._by_id.items()}

    def recording(self, prompt_id: str) -> bytes | None:
        """Return a prompt's recording as s16le at 8 kHz, None if there is none that is usable."""
        return self._by_id.get(prompt_id)

    def saying(self, sentence: str) -> bytes | None:
        """Return the recording of exactly this sentence, None if there is none."""
        return self._by_sentence.get(sentence)

    def missing(self) -> dict[str, str]:
        """Return by id what nobody has recorded yet: what to read into a microphone."""
        return {name: text for name, text in self._sentences.items() if name not in self._by_id}

    def _read(self, folder: Path) -> Iterator[tuple[str, bytes]]:
        """Read every file that fits a prompt; what does not is reported and left aside."""
        files = sorted(path for path in folder.glob("*") if path.suffix.lower() == ".wav")
        if not files:
            self._report(str(folder), "the folder of recordings holds no .wav file")
        for path in files:
            if path.stem not in self._sentences:
                self._report(path.name, "no prompt that is always the same has this id")
                continue
            try:
                pcm = finished(wav_read(path), SAMPLE_RATE_HZ)
            except (AudioUnreadable, OSError) as fault:
                self._report(path.name, str(fault))
                continue
            if pcm:
                yield path.stem, pcm
            else:
                self._report(path.name, "it is silent")

    def _report(self, name: str, fault: str) -> None:
        self.faults[name] = fault
        _log.warning("a recorded prompt is ignored, %s: %s", name, fault)


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
