"""Engines for tests of speech: one without a voice, and a voice of a few hundred bytes for sherpa-onnx."""

from __future__ import annotations

import struct
import threading
from pathlib import Path

import numpy as np

from voice.errors import SynthesizerUnavailable


def tone(seconds: float, hz: float = 440.0, dbfs: float = -12.0, rate_hz: int = 8000) -> bytes:
    """A sine as s16le."""
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    wave = np.sin(2 * np.pi * hz * t) * 10 ** (dbfs / 20) * 32767
    return np.rint(wave).astype("<i2").tobytes()


class FakeEngine:
    """Says every text as a tone; fails for texts with one of ``unspeakable``; waits at ``gate``."""

    def __init__(
        self, name: str = "fake", unspeakable: str = "\0", gate: threading.Event | None = None
    ) -> None:
        self.name = name
        self.asked: list[tuple[str, int]] = []
        self.began = threading.Event()
        self._unspeakable = unspeakable
        self._gate = gate

    def speak(self, text: str, characters_per_minute: int) -> bytes:
        self.asked.append((text, characters_per_minute))
        self.began.set()
        if self._gate is not None:
            assert self._gate.wait(10)
        if any(character in text for character in self._unspeakable):
            raise SynthesizerUnavailable("a fake fault")
        return tone(len(text) * 60 / characters_per_minute, hz=300 + sum(map(ord, text)) % 700)


def tiny_vits(folder: Path, characters: str, seconds_each: float = 0.2) -> Path:
    """Write a voice that hums so long for each character; loads in the real sherpa-onnx."""
    folder.mkdir(parents=True, exist_ok=True)
    rate_hz = 16000
    samples = _tensor("samples_each", [1], struct.pack("<f", rate_hz * seconds_each))
    scalars = {"zero": 0.0, "one": 1.0, "turn": 0.2, "loud": 0.3}
    constants = [
        samples,
        *(_tensor(name, [], struct.pack("<f", value)) for name, value in scalars.items()),
    ]
    nodes = [
        _node("Cast", ["x_length"], "length", _int("to", 1)),
        _node("Mul", ["length", "length_scale"], "scaled"),
        _node("Mul", ["scaled", "samples_each"], "many"),
        _node("Squeeze", ["many"], "count"),
        _node("Range", ["zero", "count", "one"], "t"),
        _node("Mul", ["t", "turn"], "angle"),
        _node("Sin", ["angle"], "sine"),
        _node("Mul", ["sine", "loud"], "wave"),
        _node("Unsqueeze", ["wave"], "y", _ints("axes", [0, 1])),
    ]
    inputs = [_value("x", 7, ["N", "L"]), _value("x_length", 7, ["N"])]
    inputs += [_value(name, 1, ["N"]) for name in ("noise_scale", "length_scale", "noise_scale_w")]
    graph = b"".join(_bytes(1, node) for node in nodes) + _bytes(2, b"tiny")
    graph += b"".join(_bytes(5, constant) for constant in constants)
    graph += b"".join(_bytes(11, value) for value in inputs) + _bytes(
        12, _value("y", 1, ["N", "C", "T"])
    )
    about = {
        "sample_rate": str(rate_hz),
        "n_speakers": "1",
        "language": "Chinese",
        "comment": "tiny",
    }
    about |= {"add_blank": "0", "punctuation": "， 。"}
    model = _number(1, 6) + _bytes(7, graph) + _bytes(8, _number(2, 11))
    model += b"".join(
        _bytes(14, _bytes(1, k.encode()) + _bytes(2, v.encode())) for k, v in about.items()
    )
    (folder / "model.onnx").write_bytes(model)
    tokens = ["_", "，", "。", *dict.fromkeys(characters)]
    (folder / "tokens.txt").write_text(
        "".join(f"{token} {at}\n" for at, token in enumerate(tokens))
    )
    (folder / "lexicon.txt").write_text("".join(f"{token} {token}\n" for token in tokens[3:]))
    return folder


# What of protobuf's wire format an ONNX model needs.
def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _int(name: str, value: int) -> bytes:
    return _bytes(1, name.encode()) + _number(3, value) + _number(20, 2)


def _ints(name: str, values: list[int]) -> bytes:
    return (
        _bytes(1, name.encode()) + b"".join(_number(8, value) for value in values) + _number(20, 7)
    )


def _node(operator: str, inputs: list[str], output: str, attribute: bytes = b"") -> bytes:
    node = b"".join(_bytes(1, name.encode()) for name in inputs) + _bytes(2, output.encode())
    node += _bytes(3, output.encode()) + _bytes(4, operator.encode())
    return node + (_bytes(5, attribute) if attribute else b"")


def _tensor(name: str, dims: list[int], raw: bytes) -> bytes:
    return (
        b"".join(_number(1, dim) for dim in dims)
        + _number(2, 1)
        + _bytes(8, name.encode())
        + _bytes(9, raw)
    )


def _value(name: str, kind: int, dims: list[str]) -> bytes:
    shape = b"".join(_bytes(1, _bytes(2, dim.encode())) for dim in dims)
    tensor = _number(1, kind) + _bytes(2, shape)
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, tensor))
