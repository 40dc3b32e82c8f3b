"""The precision in which networks run: short arithmetic where a host is quicker at it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from functions.core.jpeg import Image
from functions.core.per_process import per_process
from functions.models.openvino_net import EXACT, Device, InputForm, Network, openvino, preferred_precision

_SIDE, _NARROW, _WIDE, _BLOCKS = 160, 32, 192, 2
_ROUNDS = 7
# Of the time that 32 bits take: what is saved beyond is worth that results are less exact.
_WORTH_IT = 0.9


@per_process
def quick_precision(device: Device = "CPU") -> str:
    """`bf16` or `f16` where OpenVINO prefers that on this device and it takes less time than 32 bits, else `f32`.

    OpenVINO goes by the processor's instructions alone. A look in bfloat16 takes an EPYC and a Xeon with AMX half as
    long as one in 32 bits, a Xeon whose AMX its virtual machine hides half as long again. So a processor is measured.
    """
    preferred = preferred_precision(device)
    return quicker(preferred) if preferred != EXACT and device in ("CPU", "AUTO") else preferred


def quicker(short: str) -> str:
    """This precision, or 32 bits where they take the processor hardly more time."""
    exact_s, short_s = least_s(EXACT, short)
    return short if short_s < _WORTH_IT * exact_s else EXACT


def least_s(*precisions: str) -> list[float]:
    """The least time that a look takes the processor in each, by turns, so that what else runs delays all alike."""
    model, form = _blocks(), InputForm((_SIDE, _SIDE))
    nets = [Network("that measures", model.clone(), form, "CPU", precision) for precision in precisions]
    picture = np.zeros((_SIDE, _SIDE, 3), np.uint8)
    took = [[_seconds(net, picture) for net in nets] for _ in range(_ROUNDS)]
    return [min(times) for times in zip(*took, strict=True)]


def _seconds(net: Network, picture: Image) -> float:
    began = time.perf_counter()
    net(picture)
    return time.perf_counter() - began


def _blocks() -> Any:
    """A network of what detectors consist of: wider by a point, over each channel by itself, narrower by a point."""
    openvino()
    from openvino import opset13 as ops

    def weights(*shape: int) -> Any:
        return np.full(shape, 0.01, np.float32)

    def convolved(layer: Any, kernel: Any, stride: int = 1) -> Any:
        edge = [kernel.shape[-1] // 2] * 2
        kind = ops.group_convolution if kernel.ndim == 5 else ops.convolution
        return ops.relu(kind(layer, kernel, [stride, stride], edge, edge, [1, 1]))

    picture = ops.parameter([1, 3, _SIDE, _SIDE], np.float32)
    layer = convolved(picture, weights(_NARROW, 3, 3, 3), stride=2)
    for _ in range(_BLOCKS):
        wide = convolved(layer, weights(_WIDE, _NARROW, 1, 1))
        deep = convolved(wide, weights(_WIDE, 1, 1, 3, 3))
        layer = convolved(deep, weights(_NARROW, _WIDE, 1, 1))
    return openvino().Model([layer], [picture])
