"""The process that holds espeak-ng's library: ``python -m voice.synthesis.espeak_child``.

Arguments are the library, its data folder and the voice; the rate of a request is in espeak's
words a minute. Nothing else loads the library: it has global state, is under the GPL, and crashes
about once in 9,000 utterances.
"""

from __future__ import annotations

import ctypes
import sys

from voice.synthesis.pipe import Sound, Speak, serve

_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_RATE = 1
_UTF8 = 1
_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class Library:
    """espeak-ng, opened with one voice."""

    def __init__(self, library: str, data: str, voice: str) -> None:
        self._espeak = ctypes.CDLL(library)
        self._rate_hz = self._espeak.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), _DONT_EXIT)
        if self._rate_hz <= 0:
            raise RuntimeError("espeak did not start")
        self._pieces: list[bytes] = []
        # The library keeps only the address: this reference keeps the function alive.
        self._callback = _CALLBACK(self._take)
        self._espeak.espeak_SetSynthCallback(self._callback)
        self._espeak.espeak_Synth.argtypes = [
            *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint),
            *(ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p),
        ]
        if self._espeak.espeak_SetVoiceByName(voice.encode()) != 0:
            raise RuntimeError("espeak does not know the voice")

    def speak(self, text: str, rate: float) -> Sound:
        """Return the sound of ``text`` at ``rate`` words a minute."""
        self._pieces.clear()
        self._espeak.espeak_SetParameter(_RATE, round(rate), 0)
        body = text.encode() + b"\0"
        if self._espeak.espeak_Synth(body, len(body), 0, 1, 0, _UTF8, None, None) != 0:
            raise RuntimeError("espeak refused the text")
        self._espeak.espeak_Synchronize()
        return Sound(self._rate_hz, b"".join(self._pieces))

    def _take(self, samples: object, count: int, _events: object) -> int:
        if samples and count > 0:
            self._pieces.append(ctypes.string_at(samples, count * 2))  # type: ignore[arg-type]
        return 0


def _prepare() -> Speak:
    return Library(*sys.argv[1:4]).speak


if __name__ == "__main__":
    serve(_prepare)
