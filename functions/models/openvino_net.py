"""An ONNX model in OpenVINO: for one thread, one size of picture, and one precision."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

from functions.core.frame import Size
from functions.core.jpeg import Image
from functions.geometry.boxes import Floats

EXACT = "f32"
# A stage works on several frames at once: threads within one would only get in their way, and nets that are pinned
# would all be pinned to the first core.
_ONE_THREAD = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "ENABLE_CPU_PINNING": False}


class OpenVinoNet:
    """A network that takes BGR pixels as RGB, 0 to 255, and doubles strides of 32 back to 4. For one thread only."""

    def __init__(self, model: Path, outputs: Sequence[str], input_wh: Size, precision: str) -> None:
        core = _core()
        net = core.compile_model(
            _taking_bgr(core.read_model(model), outputs, input_wh),
            "CPU",
            {**_ONE_THREAD, "INFERENCE_PRECISION_HINT": precision},
        )
        self._request = net.create_infer_request()
        self._outputs = range(len(outputs))

    def __call__(self, image: Image) -> list[Floats]:
        """The outputs for a picture of the input's size; they hold until the next call."""
        self._request.set_input_tensor(_openvino().Tensor(image[None]))
        self._request.infer()
        return [self._request.get_output_tensor(at).data for at in self._outputs]


def quick_precision() -> str:
    """What OpenVINO prefers on this processor: `bf16` or `f16` where it has such arithmetic, else `f32`."""
    precision: str = _core().get_property("CPU", "INFERENCE_PRECISION_HINT").to_string()
    return precision


@cache
def _core() -> Any:
    return _openvino().Core()


@cache
def _openvino() -> Any:
    # Its tools tell its makers of every import, over the network; without the package that does, they do not.
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    return openvino


def _taking_bgr(model: Any, outputs: Sequence[str], input_wh: Size) -> Any:
    """The part of the model that makes these outputs, with a picture's bytes as its input."""
    from openvino.preprocess import ColorFormat, PrePostProcessor

    openvino = _openvino()
    part = openvino.Model([model.output(name) for name in outputs], model.get_parameters(), "part")
    # Of any size until it is cut: uncut, sides that are odd on the way down do not add up on the way back.
    part.reshape({part.inputs[0]: openvino.PartialShape([1, 3, -1, -1])})
    _cut_doubled(part, input_wh)
    part.reshape({part.inputs[0]: [1, 3, *input_wh[::-1]]})
    steps = PrePostProcessor(part)
    picture = steps.input()
    picture.tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    picture.tensor().set_color_format(ColorFormat.BGR)
    picture.preprocess().convert_element_type(openvino.Type.f32).convert_color(ColorFormat.RGB)
    picture.model().set_layout(openvino.Layout("NCHW"))
    return steps.build()


def _cut_doubled(model: Any, input_wh: Size) -> None:
    """Cut what a pyramid's doubling makes too much, where its sides were odd before they were halved, rounded up."""
    from openvino import opset13

    doublings = [op for op in model.get_ordered_ops() if op.get_type_name() == "ConvolutionBackpropData"]
    for stride, doubling in zip((32, 16, 8), doublings, strict=True):
        ends = [2 * ceil(side / stride) - ceil(2 * side / stride) for side in input_wh[::-1]]
        inputs = (doubling.input_value(at) for at in range(2))
        cut = opset13.convolution_backprop_data(*inputs, strides=[2, 2], pads_begin=[0, 0], pads_end=ends)
        for reader in doubling.output(0).get_target_inputs():
            reader.replace_source_output(cut.output(0))
