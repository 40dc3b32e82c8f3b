"""An ONNX detector of one's own: what cannot be run, or is not what it says, is refused in one line at the start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from functions.core import labels as names
from functions.core.frame import Size
from functions.core.jpeg import Image
from functions.core.per_process import per_process
from functions.geometry.boxes import Boxes, best
from functions.geometry.letterbox import Letterbox
from functions.geometry.tiles import Sight
from functions.models.claims import claims_of, trained_wh
from functions.models.families import Claims, Family, InputSpec
from functions.models.families.family import Anchors, Shape
from functions.models.focus import fuse_focus
from functions.models.onnx_trial import Trial, check_numbers
from functions.models.openvino_net import Device, InputForm, Network, read_onnx, reason
from functions.models.precision import quick_precision
from functions.models.weights import WeightsError

_USUAL_SIDE = 416
# What people are to have of the input's pixels, of a network trained on COCO.
_LEAST_PX = 18
_CHANNELS = 3


@dataclass(frozen=True)
class Asked:
    """What its user says of a model, whatever the file says."""

    family: str = ""
    labels: tuple[str, ...] = ()
    input_size: int | None = None
    anchors: Anchors = ()
    device: Device = "CPU"


class OnnxNet:
    """A detector; threads may share it. Raises WeightsError."""

    def __init__(self, path: Path, asked: Asked) -> None:
        self._path = path
        model = read_onnx(path)
        metadata = _metadata(model)
        given = {key: value for key, value in metadata.items() if key != "names" or not asked.labels}
        said = claims_of(path, given)
        claims = Claims(said.task, asked.labels or said.names, said.keypoint_values)
        channels_last = _channels_last(path, model)
        input_wh = _input_wh(path, model, channels_last, trained_wh(path, metadata), asked.input_size)
        _resize(path, model, channels_last, input_wh)
        fuse_focus(model)
        self._spec = InputSpec(input_wh, asked.anchors)
        self.sight = Sight(max(input_wh), _LEAST_PX)

        def network(family: Family) -> Network:
            form = InputForm(input_wh, rgb=family.rgb, scale=family.scale, channels_last=channels_last)
            return Network(str(path), model.clone(), form, asked.device, quick_precision(asked.device))

        found = Trial(path, _shapes(model), self._spec, claims, asked.family, network).recognised()
        self._family, self._net, self._decode = found.family, found.net, found.reading.decode
        self.labels = claims.names or _unnamed(found.reading.classes)
        self.find(np.zeros((*input_wh[::-1], 3), np.uint8), minimum_confidence=1.0)  # anchors may not fit

    def find(self, image: Image, minimum_confidence: float) -> Boxes:
        """What is in a BGR picture of any size."""
        box = Letterbox.fit((image.shape[1], image.shape[0]), self._spec.input_wh, self._family.centred)
        outputs = self._net(box.draw(image, self._family.fill))
        check_numbers(self._path, outputs)
        found = self._decode(outputs, self._spec, minimum_confidence)
        return best(found._replace(xyxy=box.to_picture(found.xyxy)), self._family.iou_from)


@per_process
def onnx_net(path: Path, asked: Asked) -> OnnxNet:
    """The model of this process, loaded when first asked for. Raises UsageError."""
    return OnnxNet(path, asked)


def _metadata(model: Any) -> dict[str, str]:
    said = dict(model.get_rt_info().items()).get("framework", {})
    values: Any = getattr(said, "value", said)  # OpenVINO wraps what it has no type for
    return {key: str(getattr(value, "value", value)) for key, value in values.items()}


def _channels_last(path: Path, model: Any) -> bool:
    """Whether the picture it takes is of (1, height, width, 3) and not (1, 3, height, width)."""
    shapes = [given.get_partial_shape() for given in model.inputs]
    types = [given.get_element_type().get_type_name() for given in model.inputs]
    if len(shapes) == 1 and types[0] in ("f32", "f16", "bf16") and shapes[0].rank.is_static and len(shapes[0]) == 4:
        for axis in (1, 3):
            if shapes[0][axis].is_static and shapes[0][axis].get_length() == _CHANNELS:
                return axis == 3
    got = ", ".join(f"{kind} of {shape}" for kind, shape in zip(types, shapes, strict=True)) or "none"
    raise WeightsError(f"Model {path}: expected one input, a picture of 3 colours as floats, got {got}")


def _input_wh(path: Path, model: Any, channels_last: bool, trained: Size | None, wanted: int | None) -> Size:
    """The size of its input: the model's own, else what is wanted, else what it was trained with."""
    shape = model.inputs[0].get_partial_shape()
    height, width = (shape[axis] for axis in ((1, 2) if channels_last else (2, 3)))
    if height.is_static and width.is_static:
        own = (width.get_length(), height.get_length())
        if wanted and own != (wanted, wanted):
            raise WeightsError(f"Model {path}: expected its own input size, {own[0]}x{own[1]}, got {wanted}")
        return own
    return (wanted, wanted) if wanted else trained or (_USUAL_SIDE, _USUAL_SIDE)


def _resize(path: Path, model: Any, channels_last: bool, input_wh: Size) -> None:
    """One picture of that size is its input from here on."""
    width, height = input_wh
    try:
        model.reshape([1, height, width, _CHANNELS] if channels_last else [1, _CHANNELS, height, width])
    except RuntimeError as error:
        problem = f"does not run on one picture of {width}x{height}: {reason(error)}"
        raise WeightsError(f"Model {path} {problem}") from None


def _shapes(model: Any) -> list[Shape]:
    """The shapes of its outputs; -1 is a side that is known only when it runs."""
    shapes = [output.get_partial_shape() for output in model.outputs]
    return [
        tuple(side.get_length() if side.is_static else -1 for side in shape) for shape in shapes if shape.rank.is_static
    ]


def _unnamed(classes: int) -> tuple[str, ...]:
    """COCO's names where there are as many, else numbers."""
    return names.COCO if classes == len(names.COCO) else tuple(f"class {index}" for index in range(classes))
