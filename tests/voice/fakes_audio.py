"""Sound to test with: speech by espeak, noises of a telephone line, levels set to the decibel."""

from __future__ import annotations

import subprocess
import sys
from functools import lru_cache

import numpy as np

from voice.audio import SAMPLE_RATE_HZ, level_dbfs, resampled

# espeak keeps global state and may crash: it speaks in a process of its own, once per sentence.
_CHILD = """
import ctypes, sys, espeakng_loader
library = ctypes.CDLL(espeakng_loader.get_library_path())
rate = library.espeak_Initialize(2, 0, espeakng_loader.get_data_path().encode(), 1)
called = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
def take(samples, count, events):
    if samples and count:
        sys.stdout.buffer.write(ctypes.string_at(samples, count * 2))
    return 0
keep = called(take)
library.espeak_SetSynthCallback(keep)
assert library.espeak_SetVoiceByName(sys.argv[1].encode()) == 0
library.espeak_SetParameter(1, int(sys.argv[2]), 0)
text = sys.argv[3].encode() + b"\\0"
library.espeak_Synth(text, len(text), 0, 1, 0, 1, None, None)
library.espeak_Synchronize()
sys.stdout.buffer.flush()
print(rate, file=sys.stderr)
"""


@lru_cache(maxsize=64)
def spoken(
    text: str, voice: str = "cmn", words_per_minute: int = 150, dbfs: float = -23.0
) -> bytes:
    """Say ``text`` at 8 kHz, without the silence around it, at ``dbfs`` over the whole sound."""
    command = [sys.executable, "-c", _CHILD, voice, str(words_per_minute), text]
    done = subprocess.run(command, capture_output=True, check=True, timeout=30)
    pcm = resampled(done.stdout, int(done.stderr.split()[-1]), SAMPLE_RATE_HZ)
    samples = np.frombuffer(pcm, dtype="<i2")
    sounding = np.flatnonzero(np.abs(samples) > 100)
    return at_level(samples[sounding[0] : sounding[-1] + 1].tobytes(), dbfs)


def at_level(pcm: bytes, dbfs: float) -> bytes:
    """The same sound louder or softer, so that its mean level is ``dbfs``."""
    return _pcm(_wave(pcm) * 10 ** ((dbfs - level_dbfs(pcm)) / 20))


def mixed(*sounds: bytes) -> bytes:
    """All sounds at once; as long as the longest."""
    total = np.zeros(max(len(sound) for sound in sounds) // 2)
    for sound in sounds:
        total[: len(sound) // 2] += _wave(sound)
    return _pcm(total)


def silence(seconds: float) -> bytes:
    return bytes(round(seconds * SAMPLE_RATE_HZ) * 2)


def white_noise(seconds: float, dbfs: float, seed: int = 0) -> bytes:
    wave = np.random.default_rng(seed).normal(size=round(seconds * SAMPLE_RATE_HZ))
    return at_level(_pcm(wave * 3000), dbfs)


def pink_noise(seconds: float, dbfs: float, seed: int = 0) -> bytes:
    """As rooms and streets sound: the same power in every octave."""
    count = round(seconds * SAMPLE_RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=count))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), count * 60 / SAMPLE_RATE_HZ))
    wave = np.fft.irfft(spectrum, count)
    return at_level(_pcm(wave / np.abs(wave).max() * 20_000), dbfs)


def swaying(pcm: bytes, times_a_second: float, by_db: float) -> bytes:
    """The same sound, now louder, now softer: wind, traffic, somebody rustling."""
    at = np.arange(len(pcm) // 2) / SAMPLE_RATE_HZ
    return _pcm(_wave(pcm) * 10 ** (by_db * np.sin(2 * np.pi * times_a_second * at) / 20))


def tone(frequency_hz: float, seconds: float, dbfs: float) -> bytes:
    at = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return at_level(_pcm(10_000 * np.sin(2 * np.pi * frequency_hz * at)), dbfs)


def mains_hum(seconds: float, dbfs: float) -> bytes:
    """50 Hz with the overtones that a bad earth brings along."""
    parts = [(50, 0.0), (100, -8.0), (150, -12.0), (250, -20.0), (350, -26.0)]
    return at_level(mixed(*(tone(hz, seconds, -20.0 + rel) for hz, rel in parts)), dbfs)


def clicks(seconds: float, every_seconds: float, seed: int = 0) -> bytes:
    """Loud impulses of a few milliseconds, as bad contacts and exchanges make them."""
    random = np.random.default_rng(seed)
    wave = np.zeros(round(seconds * SAMPLE_RATE_HZ))
    for start in np.arange(0.05, seconds - 0.05, every_seconds):
        at, length = int((start + random.uniform(0, 0.02)) * SAMPLE_RATE_HZ), random.integers(4, 32)
        wave[at : at + length] += random.choice([-1, 1]) * 20_000 * np.exp(-np.arange(length) / 6)
    return _pcm(wave)


def _wave(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, dtype="<i2").astype(float)


def _pcm(wave: np.ndarray) -> bytes:
    return np.clip(np.rint(wave), -32768, 32767).astype("<i2").tobytes()
