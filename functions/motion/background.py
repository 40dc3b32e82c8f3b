"""Background subtraction: what moves in front of a camera that stands still, as a mask."""

from __future__ import annotations

import cv2
import numpy as np

from functions.core.frame import Size
from functions.core.jpeg import Image
from functions.core.xyxy import same_shape
from functions.geometry.masks import Mask, enlarged

# KNN without shadow detection covers most of walking people (0.95 of their boxes on the test clip, MOG2 less); what it
# takes for shadow is often a dark coat. With fewer samples than OpenCV's 7 of 400 it covers somewhat more of who stands
# or is slow, and is a third quicker, since the time goes to reading them.
_HISTORY, _DISTANCE, _SHADOWS = 500, 700.0, False
_SAMPLES = 4
# KNN calls everything foreground until it has seen a picture four times.
LEARNING = 5

# With 288 rows it takes half as long again and covers no more, since what moves is grown by as many of its pixels.
_HEIGHT = 240
# Walking people are 2 % of a street; a camera that is turned, or light that is switched, changes more than a quarter.
_TOO_MUCH = 0.25

STARTING = "the background is not known yet"
UPSET = "the camera moved or the light changed"


class BackgroundModel:
    """The learned background of one source, picture by picture.

    With `quick_start` the first picture is learned as the background at once, so that the second already shows motion;
    else nothing is known during the first `LEARNING` pictures. A picture of another size is scaled to that of the
    first; one of another shape starts it anew.
    """

    def __init__(self, quick_start: bool = False) -> None:
        self._quick_start, self._seen = quick_start, 0
        self._size_wh: Size | None = None

    def motion_mask(self, image: Image) -> tuple[Mask | None, str | None]:
        """255 where the image moves, with a margin, or None and the reason why that is not known."""
        moving = self.foreground(image, _HEIGHT)
        if moving is not None and cv2.countNonZero(moving) <= _TOO_MUCH * moving.size:
            return _grown(moving, (image.shape[1], image.shape[0])), None
        if moving is not None:
            self._reset(UPSET)
        return None, self._unknown

    def foreground(self, image: Image, height: int) -> Mask | None:
        """255 where the image, scaled down to a height, differs from the background; None while that is not known."""
        size_wh = (image.shape[1], image.shape[0])
        if self._size_wh is None or not same_shape(size_wh, self._size_wh):
            self._size_wh = _within(size_wh, height)
            self._reset(STARTING)
        small = scaled(image, self._size_wh)
        if self._quick_start and not self._seen:
            self._seen = LEARNING
            for _ in range(LEARNING):
                self._model.apply(small)
        self._seen += 1
        moving = cv2.morphologyEx(self._model.apply(small), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        return moving.astype(np.uint8, copy=False) if self._seen > LEARNING else None

    def _reset(self, reason: str) -> None:
        self._model = cv2.createBackgroundSubtractorKNN(_HISTORY, _DISTANCE, _SHADOWS)
        self._model.setNSamples(_SAMPLES)
        self._seen, self._unknown = 0, reason


def dilated(mask: Mask, height: int, width: int) -> Mask:
    """The mask with everything grown by a rectangle of that size, in pixels but at least 3."""
    return cv2.dilate(mask, np.ones((max(3, height), max(3, width)), np.uint8)).astype(np.uint8, copy=False)


def scaled(image: Image, size_wh: Size) -> Image:
    """The picture scaled to that size: halved by areas, which is quick for exactly 2, then linearly."""
    while image.shape[0] >= 2 * size_wh[1] and image.shape[1] >= 2 * size_wh[0]:
        height, width = image.shape[0] // 2, image.shape[1] // 2
        even = image[: 2 * height, : 2 * width]
        image = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    if (image.shape[1], image.shape[0]) == size_wh:
        return image
    return cv2.resize(image, size_wh, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def _within(size_wh: Size, max_height: int) -> Size:
    width, height = size_wh
    return size_wh if height <= max_height else (max(1, round(width * max_height / height)), max_height)


def _grown(moving: Mask, size_wh: Size) -> Mask:
    """Dilated, as people's edges and plain clothes look like background, and scaled to the picture's size."""
    down = max(3, round(moving.shape[0] / 22))
    return enlarged(dilated(moving, down, round(down * 0.64)), size_wh)
