"""espeak-ng through its C interface: speech, and which phone begins at which sample.

The library holds one voice per process and crashes once in several thousand utterances, so it
belongs into child processes (see ``children``). What the phones mean is told by ``alignment``.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import espeakng_loader
import numpy as np

from voice.recognition.training.arrays import Array

SAMPLE_RATE_HZ = 22050
_SYNCHRONOUS = 2
_PHONEME_EVENTS = 1
_BUFFER_MS = 2000
_UTF8 = 1
_CHARACTER_POSITION = 1
_END_OF_EVENTS = 0
_PHONEME = 7
_RATE, _PITCH, _RANGE, _WORD_GAP = 1, 3, 4, 7  # espeak_PARAMETER


@dataclass(frozen=True)
class Manner:
    """How a sentence is spoken: words per minute, pitch and its range 0..100, gap in 10 ms."""

    variant: str = ""
    rate: int = 165
    pitch: int = 50
    pitch_range: int = 50
    word_gap: int = 0


@dataclass(frozen=True)
class PhoneStart:
    """A phone as espeak names it, with its stress mark, and the sample at which it begins."""

    name: str
    sample: int


@dataclass(frozen=True)
class Spoken:
    """int16 samples at 22,050 Hz and the phones within."""

    samples: Array
    phones: tuple[PhoneStart, ...]


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )

    def phone(self) -> PhoneStart:
        raw = ctypes.string_at(ctypes.addressof(self.id), 8).split(b"\0")[0]
        return PhoneStart(raw.decode("utf-8", "replace"), self.sample)


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Espeak:
    """The synthesiser of this process; make one only. Own data may know more voices."""

    def __init__(self, data_folder: str = "") -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        data = data_folder or espeakng_loader.get_data_path()
        rate = self._library.espeak_Initialize(
            _SYNCHRONOUS, _BUFFER_MS, data.encode(), _PHONEME_EVENTS
        )
        if rate != SAMPLE_RATE_HZ:
            raise RuntimeError(f"expected espeak at {SAMPLE_RATE_HZ} Hz, got {rate}")
        self._blocks: list[Array] = []
        self._phones: list[PhoneStart] = []
        self._callback = _Callback(self._take)  # kept: the library holds only the address
        self._library.espeak_SetSynthCallback(self._callback)
        self._use(Manner())

    def speak(self, text: str, manner: Manner) -> Spoken:
        """Return the text as it sounds; punctuation makes pauses."""
        self._use(manner)
        self._blocks.clear()
        self._phones.clear()
        data = text.encode() + b"\0"
        self._library.espeak_Synth(
            data, ctypes.c_size_t(len(data)), 0, _CHARACTER_POSITION, 0, _UTF8, None, None
        )
        empty = np.zeros(0, np.int16)
        return Spoken(np.concatenate([empty, *self._blocks]), tuple(self._phones))

    def phonemes(self, text: str) -> str:
        """Return espeak's own transcript of the text, words apart by spaces, tones as digits."""
        buffer = ctypes.create_string_buffer(text.encode())
        rest = ctypes.c_void_p(ctypes.addressof(buffer))
        clauses = []
        while rest.value:
            clauses.append(self._library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, 0))
        return " ".join(clause.decode("utf-8", "replace") for clause in clauses)

    def _use(self, manner: Manner) -> None:
        voice = "cmn" + ("+" + manner.variant if manner.variant else "")
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak knows no voice {voice!r}")
        for parameter, value in (
            (_RATE, manner.rate),
            (_PITCH, manner.pitch),
            (_RANGE, manner.pitch_range),
            (_WORD_GAP, manner.word_gap),
        ):
            self._library.espeak_SetParameter(parameter, value, 0)

    def _take(self, wave: Any, count: int, events: Any) -> int:
        if count > 0 and wave:
            self._blocks.append(np.ctypeslib.as_array(wave, (count,)).copy())
        index = 0
        while events[index].type != _END_OF_EVENTS:
            if events[index].type == _PHONEME:
                self._phones.append(events[index].phone())
            index += 1
        return 0
