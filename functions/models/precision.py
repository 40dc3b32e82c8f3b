"""The arithmetic in which networks run: the one in which a host is quickest."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from functions.core.jpeg import Image
from functions.core.per_process import per_process
from functions.models.openvino_net import (
    EIGHT_BITS,
    EXACT,
    Device,
    InputForm,
    Network,
    openvino,
    preferred_precision,
)

_SIDE, _NARROW, _WIDE, _BLOCKS = 160, 32, 192, 2
_ROUNDS = 7
# Of the time that another takes: what is saved beyond is worth that results are less exact.
_WORTH_IT = 0.9
# All its values are six, the most there is, but at the edges. Cut sums give half of that or less.
_MOST, _ROUNDED_BY = 6, 0.5


@per_process
def quick_precision(device: Device = "CPU", *more: str) -> str:
    """What OpenVINO prefers on this device (`bf16`, `f16`) or one of more, where it is quicker than 32 bits, or `f32`.

    OpenVINO goes by the processor's instructions alone. A look in bfloat16 takes an EPYC and a Xeon with AMX half as
    long as one in 32 bits, a Xeon whose AMX its virtual machine hides half as long again. So a processor is measured.
    """
    preferred = preferred_precision(device)
    if device not in ("CPU", "AUTO"):
        return preferred
    return quicker(*(precision for precision in (preferred, *more) if precision != EXACT))


def quicker(*short: str) -> str:
    """The quickest of these, each worth it beside those before it; 32 bits, where none is or none is given."""
    if not short:
        return EXACT
    nets = {precision: measured_net(precision) for precision in (EXACT, *short)}
    if EIGHT_BITS in nets and not adds_up(nets[EXACT], nets[EIGHT_BITS]):
        del nets[EIGHT_BITS]
    taken_s, taken = float("inf"), EXACT
    for precision, seconds in zip(nets, least_s([*nets.values()]), strict=True):
        if seconds < _WORTH_IT * taken_s:
            taken_s, taken = seconds, precision
    return taken


def adds_up(exact: Network, eight_bits: Network) -> bool:
    """Whether this processor adds products of eight bits in full, by what two nets that were made to be measured say.

    One that has no instruction for it (VNNI) adds two of them in sixteen bits, which hold half of the largest sums.
    """
    said, rounded = (net(_white())[0] for net in (exact, eight_bits))
    return bool(np.abs(said - rounded).max() < _ROUNDED_BY)


def least_s(nets: Sequence[Network]) -> list[float]:
    """The least time that a look takes the processor in each, by turns, so that what else runs delays all alike."""
    picture = _white()
    took = [[_seconds(net, picture) for net in nets] for _ in range(_ROUNDS)]
    return [min(times) for times in zip(*took, strict=True)]


def measured_net(precision: str) -> Network:
    """The made network by which a processor is measured."""
    return Network("that measures", _blocks(), InputForm((_SIDE, _SIDE)), "CPU", precision)


def _seconds(net: Network, picture: Image) -> float:
    began = time.perf_counter()
    net(picture)
    return time.perf_counter() - began


def _white() -> Image:
    return np.full((_SIDE, _SIDE, 3), 255, np.uint8)


def _blocks() -> Any:
    """A network of what detectors consist of: wider by a point, over each channel by itself, narrower by a point.

    Each value is the mean of what it is made of, within the largest there is.
    """
    openvino()
    from openvino import opset13 as ops

    def mean_of(layer: Any, *shape: int, stride: int = 1) -> Any:
        kernel = np.full(shape, 1 / np.prod(shape[-3:]), np.float32)
        edge = [shape[-1] // 2] * 2
        kind = ops.group_convolution if len(shape) == 5 else ops.convolution
        deviation, mean = (np.full((1, shape[0], 1, 1), value, np.float32) for value in (1, 0))
        return ops.add(ops.multiply(kind(layer, kernel, [stride, stride], edge, edge, [1, 1]), deviation), mean)

    picture = ops.parameter([1, 3, _SIDE, _SIDE], np.float32)
    layer = ops.clamp(mean_of(picture, _NARROW, 3, 3, 3, stride=2), 0, _MOST)
    for _ in range(_BLOCKS):
        wide = ops.clamp(mean_of(layer, _WIDE, _NARROW, 1, 1), 0, _MOST)
        deep = ops.clamp(mean_of(wide, _WIDE, 1, 1, 3, 3), 0, _MOST)
        layer = mean_of(deep, _NARROW, _WIDE, 1, 1)
    return openvino().Model([layer], [picture])
