"""Find what moves, whatever it is: what differs from the background learned from the frames before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import cv2
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from functions.core.frame import Detection, Frame
from functions.core.jpeg import Image
from functions.core.registry import function

Height = Annotated[int, Meta(ge=48, le=2160, description="Look at the picture scaled down to this height")]
Area = Annotated[float, Meta(ge=0, le=1, description="Leave out what covers less of the picture than this share")]

# Of those of OpenCV, KNN without its shadow detection covers most of the walking people (0.95 of their boxes on the
# test clip, MOG2 0.92); what looks like shadow is often a dark coat.
_FRAMES, _DISTANCE, _SHADOWS = 500, 400.0, False

# How often KNN must see a picture before it takes it for background.
_TIMES_TO_LEARN = 5


@dataclass
class Background:
    """What one source looks like when nothing moves."""

    model: cv2.BackgroundSubtractor = field(
        default_factory=lambda: cv2.createBackgroundSubtractorKNN(_FRAMES, _DISTANCE, _SHADOWS)
    )
    size_wh: tuple[int, int] | None = None

    def moving(self, image: Image) -> NDArray[np.uint8]:
        """255 where the image differs from what was there before; nothing differs in the first of its size."""
        height, width = image.shape[:2]
        if self.size_wh != (width, height):
            self.size_wh = (width, height)
            for _ in range(_TIMES_TO_LEARN):
                self.model.apply(image)
        return self.model.apply(image).astype(np.uint8, copy=False)


@function(labels=lambda **_: ("motion",))
def detect_motion(frame: Frame, state: Background, *, height: Height = 288, minimum_area: Area = 0.0005) -> Frame:
    """Find what moves (background subtraction)."""
    small = frame.image_at(round(max(frame.size_wh) * min(1.0, height / frame.size_wh[1])))
    boxes = _boxes(_joined(state.moving(small)), minimum_area)
    scale = frame.size_wh[1] / small.shape[0]
    found = [
        Detection("motion", share, (x1 * scale, y1 * scale, x2 * scale, y2 * scale)) for share, x1, y1, x2, y2 in boxes
    ]
    return frame.with_detections([*frame.detections, *found])


def _joined(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Without specks, and with the parts of one walking person joined."""
    clean = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    reach = max(3, mask.shape[0] // 40)
    return cv2.dilate(clean, np.ones((reach, max(3, reach * 3 // 4)), np.uint8)).astype(np.uint8, copy=False)


def _boxes(mask: NDArray[np.uint8], minimum_area: float) -> list[tuple[float, int, int, int, int]]:
    """Confidence (the share of the box that moves), left, top, right, bottom of each part."""
    _, _, parts, _ = cv2.connectedComponentsWithStats(mask)
    return [
        (int(area) / (int(width) * int(height)), int(x), int(y), int(x + width), int(y + height))
        for x, y, width, height, area in parts[1:]  # the first is the background
        if width * height >= minimum_area * mask.size
    ]
