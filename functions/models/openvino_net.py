"""A network in OpenVINO: read and compiled once a process, an infer request a thread, one thread a look."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from functions.core.errors import UsageError, one_of
from functions.core.frame import Size
from functions.core.jpeg import Image
from functions.geometry.boxes import Floats
from functions.models.eight_bits import Bounds, in_eight_bits
from functions.models.weights import WeightsError

Device = Literal["CPU", "GPU", "NPU", "AUTO"]
EXACT = "f32"
# Whole numbers, where a network's training left the bounds of what it reckons with.
EIGHT_BITS = "int8"
# Finds the device itself, so it is there wherever any is.
_CHOOSES = "AUTO"


@dataclass(frozen=True)
class InputForm:
    """What a network takes: its size, the order of its colours, and (pixel - mean) / scale for pixels of 0 to 255."""

    input_wh: Size
    rgb: bool = True
    mean: float = 0
    scale: float = 1
    channels_last: bool = False

    @property
    def bounds(self) -> Bounds:
        """The lowest and the highest value of a picture."""
        return (0 - self.mean) / self.scale, (255 - self.mean) / self.scale


class Network:
    """A compiled network; threads may share it. Raises WeightsError for one that cannot be compiled."""

    def __init__(self, name: str, model: Any, form: InputForm, device: Device, precision: str) -> None:
        self._name = name
        self._own = threading.local()
        if precision == EIGHT_BITS:
            in_eight_bits(model, form.bounds)
            precision = EXACT
        try:
            self._net = _core().compile_model(_taking_pixels(model, form), device, _settings(device, precision))
        except RuntimeError as error:
            raise WeightsError(f"Model {name} does not run on {device}: {reason(error)}") from None

    def __call__(self, image: Image) -> list[Floats]:
        """The outputs for a BGR picture of the input's size; they hold until this thread's next call."""
        request = self._request()
        request.set_input_tensor(openvino().Tensor(image[None]))
        try:
            request.infer()
        except RuntimeError as error:
            raise WeightsError(f"Model {self._name} does not run on a picture: {reason(error)}") from None
        return [request.get_output_tensor(at).data for at in range(len(self._net.outputs))]

    def _request(self) -> Any:
        if not hasattr(self._own, "request"):
            self._own.request = self._net.create_infer_request()
        return self._own.request


def read_onnx(path: Path) -> Any:
    """The model of an ONNX file. Raises WeightsError for one that is cut, or of another kind."""
    return _read(path, "onnx", "an ONNX file", lambda frontend, loaded: frontend.convert(loaded))


def read_graph(path: Path, begin: str, shape: Sequence[int], ends: Sequence[str]) -> Any:
    """The part of a frozen graph of TensorFlow from one tensor, of this shape, to others. Raises WeightsError."""

    def part(frontend: Any, loaded: Any) -> Any:
        loaded.extract_subgraph(
            *([loaded.get_place_by_tensor_name(name) for name in names] for names in ([begin], ends))
        )
        (tensor,) = (place for place in loaded.get_inputs() if begin in place.get_names())
        loaded.set_partial_shape(tensor, openvino().PartialShape(list(shape)))
        model = frontend.convert(loaded)
        # What led to the tensor is no input any more.
        return openvino().Model(model.outputs, [model.input(begin).get_node()], path.stem)

    return _read(path, "tf", "a frozen graph of TensorFlow", part)


def _read(path: Path, framework: str, kind: str, convert: Callable[[Any, Any], Any]) -> Any:
    openvino()
    from openvino.frontend import FrontEndManager

    try:
        frontend = FrontEndManager().load_by_framework(framework)
        return convert(frontend, frontend.load(str(path)))
    except Exception as error:  # each frontend has errors of its own
        raise WeightsError(f"Model {path}: expected {kind}, got one that does not load: {reason(error)}") from None


def preferred_precision(device: Device) -> str:
    """What OpenVINO takes on this device: `bf16` or `f16` where it has such arithmetic, else `f32`."""
    asked = "CPU" if device == _CHOOSES else device
    precision: str = _core().get_property(asked, "INFERENCE_PRECISION_HINT").to_string()
    return precision


def check_device(device: Device) -> None:
    """Refuse a device that is not there, naming those that are. Raises UsageError."""
    there = (*dict.fromkeys(name.partition(".")[0] for name in _core().available_devices), _CHOOSES)
    if device not in there:
        raise UsageError(f"Device {device}: expected one that OpenVINO finds on this host, {one_of(device, there)}")


def reason(error: Exception) -> str:
    """The first line of an error of OpenVINO's that says something, after those that say where in its code."""
    lines = [line.strip() for line in str(error).splitlines()]
    said = [line for line in lines if line and not line.startswith(("Exception from", "FrontEnd API failed"))]
    return next((line for line in said if not line.startswith("Check '")), next(iter(said), type(error).__name__))


@cache
def _core() -> Any:
    return openvino().Core()


@cache
def openvino() -> Any:
    """The package OpenVINO, imported when first needed."""
    # Its tools tell its makers of every import, over the network; without the package that does, they do not.
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino as package

    return package


def _settings(device: Device, precision: str) -> dict[str, Any]:
    """A stage works on several frames at once: a look has one thread, and there are as many looks as cores.

    Nets that are pinned would all be pinned to the first cores.
    """
    cores = len(os.sched_getaffinity(0))
    on_cpu = {"INFERENCE_NUM_THREADS": cores, "NUM_STREAMS": cores, "ENABLE_CPU_PINNING": False}
    hint = {"INFERENCE_PRECISION_HINT": precision}
    if device == _CHOOSES:
        return {**hint, "DEVICE_PROPERTIES": {"CPU": on_cpu}}
    return {**hint, **on_cpu} if device == "CPU" else hint


def _taking_pixels(model: Any, form: InputForm) -> Any:
    """The model with a picture's bytes as its input, and 32-bit floats as its outputs."""
    from openvino.preprocess import ColorFormat, PrePostProcessor

    layout, float32 = openvino().Layout, openvino().Type.f32
    steps = PrePostProcessor(model)
    picture = steps.input()
    picture.tensor().set_element_type(openvino().Type.u8).set_layout(layout("NHWC"))
    picture.tensor().set_color_format(ColorFormat.BGR)
    done = picture.preprocess().convert_element_type(float32)
    if form.rgb:
        done = done.convert_color(ColorFormat.RGB)
    if form.mean:
        done = done.mean(form.mean)
    if form.scale != 1:
        done.scale(form.scale)
    picture.model().set_layout(layout("NHWC" if form.channels_last else "NCHW"))
    for at in range(len(model.outputs)):
        steps.output(at).tensor().set_element_type(float32)
    return steps.build()


Reader = Callable[[], Any]
