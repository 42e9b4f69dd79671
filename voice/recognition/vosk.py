"""Recognition by Vosk: one model for the process, one recogniser per utterance.

Free speech is decoded freely. Where a certain kind of answer is expected and the model can take a
grammar, only the grammar's words are listened for; if something else was said, the same sound is
decoded once more without it, so that a question instead of a yes is heard too. Recognisers are
freed with the thread that made them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import vosk

from voice.answerer import Expects, Hypothesis
from voice.errors import ModelUnavailable
from voice.recognition.grammars import digits_only, grammar_of
from voice.recognition.layout import TELEPHONE_HZ, ModelLayout, model_layout
from voice.recognition.numbers import spoken_digits
from voice.recognition.pinyin import Repairer
from voice.recognition.readings import (
    MOST,
    alternatives_of,
    has_unknown,
    joined,
    partial_of,
    settled,
    tidied,
)
from voice.recognition.streaming import ThreadedStream
from voice.recognition.upsampling import Upsampler

_QUIET = -1  # Kaldi's log would hold what callers said
_KEPT_BYTES = 30 * 2 * TELEPHONE_HZ  # sound kept for a second decoding: 30 s
_LESS_TRUSTED = 0.5  # how much the less fitting of two decodings counts
_AS_DIGITS = 0.9  # how much it counts that every sound was taken for a digit
_DIGITS_OF_A_NUMBER = 4


class VoskRecogniser:
    """Opens streams on one model; raises ModelUnavailable if there is none in ``model_path``."""

    is_ready = True

    def __init__(self, model_path: Path, domain_words: Sequence[str] = ()) -> None:
        self.layout = model_layout(model_path)
        vosk.SetLogLevel(_QUIET)
        try:
            self._model = vosk.Model(model_path=str(model_path))
        except Exception as error:  # vosk raises bare Exceptions
            raise ModelUnavailable(f"Vosk cannot load the model in {model_path}") from error
        self._repairer = Repairer(domain_words)
        self._grammars = lru_cache(maxsize=64)(self._grammars_of)

    def stream(self, expects: Expects = "free", hot_words: Sequence[str] = ()) -> ThreadedStream:
        """Return a stream; the grammar is made, and sound decoded, in its thread."""
        return ThreadedStream(partial(self._utterance, expects, tuple(hot_words)))

    def _utterance(self, expects: Expects, hot_words: tuple[str, ...]) -> _Utterance:
        grammars = self._grammars(expects, hot_words) if self.layout.has_grammars else ("", "")
        repairer = self._repairer.extended(hot_words)
        return _Utterance(self._model, self.layout, grammars, repairer)

    def _grammars_of(self, expects: Expects, hot_words: tuple[str, ...]) -> tuple[str, str]:
        narrow = grammar_of(expects, hot_words, self._knows)
        strict = digits_only(self._knows) if expects == "digits" else []
        return _as_json(narrow), _as_json(strict)

    def _knows(self, word: str) -> bool:
        return bool(self._model.vosk_model_find_word(word) >= 0)


def _as_json(phrases: list[str]) -> str:
    return json.dumps(phrases, ensure_ascii=False) if phrases else ""


class _Utterance:
    """Decodes one utterance: within a grammar if there is one, in other ways where it falls short.

    ``grammars``: what is listened for at first, and what is if a number was not clear.
    """

    def __init__(
        self, model: Any, layout: ModelLayout, grammars: tuple[str, str], repairer: Repairer
    ) -> None:
        self._pass_with = partial(_Pass, model, layout)
        self._grammar, self._digits_only = grammars
        self._pass = self._pass_with(self._grammar)
        self._repairer = repairer
        self._kept = b""

    def accept(self, pcm: bytes) -> str:
        if self._grammar and len(self._kept) < _KEPT_BYTES:
            self._kept += pcm
        return self._pass.accept(pcm)

    def finish(self) -> tuple[Hypothesis, ...]:
        readings = self._pass.finish()
        if self._grammar and has_unknown(readings):
            readings = self._completed(readings)
        return self._repairer.with_repairs(settled(readings))

    def _completed(self, narrow: tuple[Hypothesis, ...]) -> tuple[Hypothesis, ...]:
        """Return also what other ways make of the words that the grammar does not have."""
        free = self._again("")
        is_number = len(spoken_digits(tidied(narrow[0].text))) >= _DIGITS_OF_A_NUMBER
        if not (self._digits_only and is_number):
            return (*free, *_weighted(narrow, _LESS_TRUSTED))
        # What is unknown amid digits is mostly a digit, said badly.
        strict = self._again(self._digits_only)
        return (*narrow, *_weighted(strict, _AS_DIGITS), *_weighted(free, _LESS_TRUSTED))

    def _again(self, grammar: str) -> tuple[Hypothesis, ...]:
        other = self._pass_with(grammar)
        other.accept(self._kept)
        return other.finish()


def _weighted(readings: tuple[Hypothesis, ...], weight: float) -> tuple[Hypothesis, ...]:
    return tuple(Hypothesis(one.text, one.confidence * weight) for one in readings)


class _Pass:
    """One way through the sound with one of Vosk's recognisers.

    Vosk's own endpointer closes a segment at every pause: its results are kept and put together.
    """

    def __init__(self, model: Any, layout: ModelLayout, grammar: str) -> None:
        rate = layout.sample_rate_hz
        narrowed = (grammar,) if grammar else ()
        self._engine = vosk.KaldiRecognizer(model, rate, *narrowed)
        self._engine.SetMaxAlternatives(MOST)
        self._upsampler = Upsampler() if rate != TELEPHONE_HZ else None
        self._segments: list[tuple[Hypothesis, ...]] = []

    def accept(self, pcm: bytes) -> str:
        self._decode(self._upsampler.step(pcm) if self._upsampler else pcm)
        newest = partial_of(self._engine.PartialResult())
        return "".join((*(tidied(one[0].text) for one in self._segments if one), newest))

    def finish(self) -> tuple[Hypothesis, ...]:
        if self._upsampler:
            self._decode(self._upsampler.flush())
        self._segments.append(alternatives_of(self._engine.FinalResult()))
        return joined(self._segments)

    def _decode(self, pcm: bytes) -> None:
        if pcm and self._engine.AcceptWaveform(pcm):
            self._segments.append(alternatives_of(self._engine.Result()))
