"""Frames, levels, both laws of G.711, other sampling rates, WAV files."""

from __future__ import annotations

import contextlib
import itertools
import struct
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.audio import (
    FRAME_BYTES,
    QUIETEST_DBFS,
    SILENCE,
    alaw_decode,
    alaw_encode,
    frames_of,
    level_dbfs,
    resampled,
    seconds_of,
    ulaw_decode,
    ulaw_encode,
    wav_decoded,
    wav_read,
    wav_write,
)
from voice.errors import AudioUnreadable

EVERY_SAMPLE = np.arange(-32768, 32768).astype("<i2")
EVERY_CODE = bytes(range(256))

# Decoded values from the tables of ITU-T G.711, brought to sixteen bits.
ALAW_KNOWN = {
    0xD5: 8,
    0x55: -8,
    0xD4: 24,
    0xC5: 264,
    0xF5: 528,
    0xE5: 1056,
    0x95: 2112,
    0x85: 4224,
    0xB5: 8448,
    0xA5: 16896,
    0xAA: 32256,
    0x2A: -32256,
}
ULAW_KNOWN = {
    0xFF: 0,
    0x7F: 0,
    0xFE: 8,
    0xEF: 132,
    0xDF: 396,
    0xCF: 924,
    0xBF: 1980,
    0xAF: 4092,
    0x9F: 8316,
    0x8F: 16764,
    0x80: 32124,
    0x00: -32124,
}
# One period of a 1 kHz sine at 0 dBm0, from G.711 table 5 (A-law) and table 6 (µ-law).
ALAW_SINE = bytes([0x34, 0x21, 0x21, 0x34, 0xB4, 0xA1, 0xA1, 0xB4])
ULAW_SINE = bytes([0x1E, 0x0B, 0x0B, 0x1E, 0x9E, 0x8B, 0x8B, 0x9E])


def tone(frequency_hz, rate_hz=8000, seconds=1.0, amplitude=10_000):
    at = np.arange(int(rate_hz * seconds))
    return (
        np.rint(amplitude * np.sin(2 * np.pi * frequency_hz * at / rate_hz)).astype("<i2").tobytes()
    )


def samples(pcm):
    return np.frombuffer(pcm, dtype="<i2").astype(float)


@pytest.mark.parametrize(
    ("decode", "known"), [(alaw_decode, ALAW_KNOWN), (ulaw_decode, ULAW_KNOWN)]
)
def test_known_codes_decode_to_the_values_of_the_standard(decode, known):
    assert {code: samples(decode(bytes([code])))[0] for code in known} == known


@pytest.mark.parametrize(
    ("encode", "decode", "sine"),
    [(alaw_encode, alaw_decode, ALAW_SINE), (ulaw_encode, ulaw_decode, ULAW_SINE)],
)
def test_the_standards_sine_comes_back_and_stands_at_0_dbm0(encode, decode, sine):
    assert encode(decode(sine)) == sine
    assert level_dbfs(decode(sine * 20)) == pytest.approx(
        -6.2, abs=0.1
    )  # 3.14 or 3.17 dBm0 is full scale


def test_every_a_law_code_comes_back():
    assert alaw_encode(alaw_decode(EVERY_CODE)) == EVERY_CODE


def test_every_u_law_code_comes_back_but_minus_zero_which_is_zero():
    assert ulaw_encode(ulaw_decode(EVERY_CODE)) == EVERY_CODE.replace(b"\x7f", b"\xff")


def decision_values(segment_ends, first, unit):
    """Where a positive sample takes its next code: sixteen equal steps from one end to the next."""
    steps = [np.linspace(low, high, 17)[:-1] for low, high in itertools.pairwise(segment_ends)]
    return (np.concatenate([first, *steps]) * unit).astype(int)


# Ends of the segments as tables 1a and 2a of G.711 give them, in steps of thirteen and fourteen bits.
ALAW_DECISIONS = decision_values([64, 128, 256, 512, 1024, 2048, 4096], np.arange(2, 64, 2), 8)
ULAW_DECISIONS = decision_values([31, 95, 223, 479, 991, 2015, 4063, 8159], np.arange(1, 31, 2), 4)


@pytest.mark.parametrize(
    ("encode", "decisions"), [(alaw_encode, ALAW_DECISIONS), (ulaw_encode, ULAW_DECISIONS)]
)
def test_codes_change_exactly_at_the_decision_values_of_the_standard(encode, decisions):
    louder = np.frombuffer(encode(np.arange(32768).astype("<i2").tobytes()), dtype=np.uint8)
    softer = np.frombuffer(encode((-1 - np.arange(32768)).astype("<i2").tobytes()), dtype=np.uint8)
    assert np.array_equal(np.flatnonzero(np.diff(louder)) + 1, decisions)
    assert np.array_equal(louder ^ 0x80, softer)  # the other sign is the mirror image


@pytest.mark.filterwarnings("ignore:'audioop' is deprecated")
def test_the_standard_librarys_own_tables_agree():
    import audioop

    assert alaw_encode(EVERY_SAMPLE.tobytes()) == audioop.lin2alaw(EVERY_SAMPLE.tobytes(), 2)
    assert alaw_decode(EVERY_CODE) == audioop.alaw2lin(EVERY_CODE, 2)
    assert ulaw_decode(EVERY_CODE) == audioop.ulaw2lin(EVERY_CODE, 2)


@given(st.binary(max_size=400).filter(lambda pcm: len(pcm) % 2 == 0))
def test_a_law_halves_the_bytes_and_writing_twice_changes_nothing(pcm):
    once = alaw_encode(pcm)
    assert len(once) == len(pcm) // 2
    assert alaw_encode(alaw_decode(once)) == once


@pytest.mark.parametrize("frequency_hz", [300, 1000, 3000])
@pytest.mark.parametrize("from_hz", [8000, 16000, 22050, 24000, 48000])
@pytest.mark.parametrize("to_hz", [8000, 16000, 22050, 24000, 48000])
def test_a_tone_keeps_55_db_above_its_error_at_any_other_rate(from_hz, to_hz, frequency_hz):
    expected = samples(tone(frequency_hz, to_hz))
    heard = samples(resampled(tone(frequency_hz, from_hz), from_hz, to_hz))
    inside = slice(to_hz // 20, -to_hz // 20)  # the ends know one side only
    assert len(heard) == len(expected)
    assert signal_to_error_db(expected[inside], heard[inside]) > 55


@pytest.mark.parametrize("from_hz", [16000, 22050, 44100, 48000])
@pytest.mark.parametrize("frequency_hz", [4400, 5000, 6500, 7900])
def test_what_8_khz_cannot_carry_is_55_db_down_rather_than_folded_back(from_hz, frequency_hz):
    sound = tone(frequency_hz, from_hz)
    assert level_dbfs(resampled(sound, from_hz, 8000)[1600:-1600]) < level_dbfs(sound) - 55


@given(
    st.binary(min_size=2, max_size=2000).filter(lambda pcm: len(pcm) % 2 == 0),
    st.sampled_from([8000, 11025, 16000, 22050, 44100, 48000]),
)
def test_resampling_keeps_the_length_whatever_comes_in(pcm, to_hz):
    assert len(resampled(pcm, 8000, to_hz)) / 2 == pytest.approx(len(pcm) / 2 * to_hz / 8000, abs=1)


def test_levels_stand_against_full_scale():
    assert level_dbfs(tone(1000, amplitude=32767)) == pytest.approx(-3.01, abs=0.01)
    assert level_dbfs(tone(1000, amplitude=3277)) == pytest.approx(-23.01, abs=0.02)
    assert level_dbfs(SILENCE) == level_dbfs(b"") == QUIETEST_DBFS


@given(st.binary(max_size=3000))
def test_frames_hold_all_sound_and_padding_only_at_the_end(pcm):
    frames = frames_of(pcm)
    assert all(len(frame) == FRAME_BYTES for frame in frames)
    assert b"".join(frames)[: len(pcm)] == pcm
    assert not any(b"".join(frames)[len(pcm) :])
    assert len(frames) == -(-len(pcm) // FRAME_BYTES)


def test_a_second_of_sound_is_a_second():
    assert seconds_of(tone(1000)) == 1.0


def signal_to_error_db(expected, heard):
    error = np.mean((heard - expected) ** 2)
    return 10 * np.log10(np.mean(expected**2) / max(error, 1e-9))


def riff(fmt, data, extra=b""):
    body = (
        b"WAVE"
        + b"fmt "
        + struct.pack("<I", len(fmt))
        + fmt
        + extra
        + b"data"
        + struct.pack("<I", len(data))
        + data
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def fmt(coding, channels, rate_hz, bits, tail=b""):
    width = channels * bits // 8
    return struct.pack("<HHIIHH", coding, channels, rate_hz, rate_hz * width, width, bits) + tail


def test_a_wav_file_comes_back_as_it_was_written(tmp_path):
    wav_write(tmp_path / "a.wav", tone(440))
    assert wav_read(tmp_path / "a.wav") == tone(440)
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)


SINE = samples(tone(440))
ANY_WAV = {
    "eight bits": riff(fmt(1, 1, 8000, 8), (SINE / 256 + 128).round().astype("u1").tobytes()),
    "twenty-four bits": riff(
        fmt(1, 1, 8000, 24), b"".join(struct.pack("<i", int(s) * 256)[:3] for s in SINE)
    ),
    "thirty-two bits": riff(fmt(1, 1, 8000, 32), (SINE * 65536).astype("<i4").tobytes()),
    "floats": riff(fmt(3, 1, 8000, 32), (SINE / 32768).astype("<f4").tobytes()),
    "A-law": riff(fmt(6, 1, 8000, 8, b"\0\0"), alaw_encode(tone(440))),
    "µ-law": riff(fmt(7, 1, 8000, 8, b"\0\0"), ulaw_encode(tone(440))),
    "stereo": riff(fmt(1, 2, 8000, 16), np.repeat(SINE, 2).astype("<i2").tobytes()),
    "extensible": riff(
        fmt(0xFFFE, 1, 8000, 16, struct.pack("<HHIH", 22, 16, 4, 1) + bytes(14)), tone(440)
    ),
    "odd chunk before": riff(
        fmt(1, 1, 8000, 16), tone(440), b"LIST" + struct.pack("<I", 3) + b"abc\0"
    ),
    "length never filled in": riff(fmt(1, 1, 8000, 16), tone(440)).replace(
        b"data" + struct.pack("<I", 16000), b"data\xff\xff\xff\xff"
    ),
    "length left at zero": riff(fmt(1, 1, 8000, 16), tone(440)).replace(
        b"data" + struct.pack("<I", 16000), b"data\0\0\0\0"
    ),
    "studio": riff(
        fmt(1, 2, 44100, 16), np.repeat(samples(tone(440, 44100)), 2).astype("<i2").tobytes()
    ),
}


@pytest.mark.parametrize("kind", ANY_WAV)
def test_any_wav_is_read(kind):
    heard = samples(wav_decoded(ANY_WAV[kind]))
    assert len(heard) == len(SINE)
    inside = slice(200, -200)
    assert signal_to_error_db(SINE[inside], heard[inside]) > 30


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"OggS" + bytes(40),
        riff(fmt(85, 1, 8000, 16), b"mp3!"),
        riff(fmt(1, 0, 8000, 16), b""),
        riff(fmt(1, 1, 0, 16), b""),
        riff(b"\1\0", b""),
        b"RIFF\0\0\0\0WAVE",
    ],
)
def test_what_is_no_sound_is_refused_by_name(content):
    with pytest.raises(AudioUnreadable, match="expected"):
        wav_decoded(content)


@given(
    st.binary(max_size=80),
    st.integers(0, 0xFFFF),
    st.integers(0, 3),
    st.integers(0, 2**20),
    st.integers(0, 70),
)
def test_damaged_headers_are_refused_or_read_but_never_break(data, coding, channels, rate_hz, bits):
    head = struct.pack("<HHIIHH", coding, channels, rate_hz, 0, 0, bits)
    with contextlib.suppress(AudioUnreadable):
        assert len(wav_decoded(riff(head, data))) % 2 == 0
