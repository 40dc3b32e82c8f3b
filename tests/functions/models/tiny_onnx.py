"""Very small ONNX files that say what a test wants, whatever the picture: written byte by byte, by no package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

_FLOAT, _HALF = 1, 10


def write(
    path: Path,
    *outputs: np.ndarray,
    metadata: Mapping[str, str] | None = None,
    picture: Sequence[int | str] = (1, 3, 64, 64),
    half: bool = False,
    adds_mean: bool = False,
) -> Path:
    """A model of one input (a name is a side of any length) that gives these outputs; in 16 bits with `half`.

    With `adds_mean`, the mean of the picture's values is added to them.
    """
    kind, dtype = (_HALF, np.float16) if half else (_FLOAT, np.float32)
    graph = _node("ReduceMean", ["images"], ["mean"], [_text(1, "keepdims") + _int(3, 0) + _int(20, 2)])
    graph += _node("Mul", ["mean", "times"], ["added"]) + _text(2, "tiny")
    graph += _tensor("times", np.full((), adds_mean, dtype), kind) + _field(11, _value("images", picture, kind))
    for at, output in enumerate(outputs):
        graph += _node("Add", [f"said{at}", "added"], [f"output{at}"])
        graph += _tensor(f"said{at}", output.astype(dtype), kind)
        graph += _field(12, _value(f"output{at}", output.shape, kind))
    said = b"".join(_field(14, _text(1, key) + _text(2, value)) for key, value in (metadata or {}).items())
    path.write_bytes(_int(1, 8) + _field(7, graph) + _field(8, _text(1, "") + _int(2, 13)) + said)
    return path


def _varint(value: int) -> bytes:
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + _varint(rest) if rest else bytes([low])


def _int(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _field(field, value.encode())


def _node(operation: str, inputs: Sequence[str], outputs: Sequence[str], attributes: Sequence[bytes] = ()) -> bytes:
    names = b"".join(_text(1, name) for name in inputs) + b"".join(_text(2, name) for name in outputs)
    return _field(1, names + _text(4, operation) + b"".join(_field(5, each) for each in attributes))


def _tensor(name: str, values: np.ndarray, kind: int) -> bytes:
    sides = b"".join(_int(1, side) for side in values.shape)
    return _field(5, sides + _int(2, kind) + _text(8, name) + _field(9, values.tobytes()))


def _value(name: str, shape: Sequence[int | str], kind: int) -> bytes:
    sides = b"".join(_field(1, _int(1, side) if isinstance(side, int) else _text(2, side)) for side in shape)
    return _text(1, name) + _field(2, _field(1, _int(1, kind) + _field(2, sides)))
