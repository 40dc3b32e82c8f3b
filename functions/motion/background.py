"""What moves, as a mask: a second witness that needs no detector, and knows when it cannot tell."""

from __future__ import annotations

import cv2
import numpy as np

from functions.core.jpeg import Image
from functions.geometry.masks import Mask

_HEIGHT = 288
# KNN covers more of walking people than MOG2; what it takes for shadow is often a dark coat.
_FRAMES, _DISTANCE, _SHADOWS = 500, 400.0, False
# KNN calls all new until it has seen a picture four times.
LEARNING = 5
# People who walk move 2 % of a street; a camera that is turned, or light that is switched, more than a quarter.
_TOO_MUCH = 0.25

STARTING = "the background is not known yet"
UPSET = "the camera moved or the light changed"


class Motion:
    """Learns the background of one source, frame by frame."""

    def __init__(self) -> None:
        self._size_wh = (0, 0)
        self._learn_anew()

    def look(self, image: Image) -> tuple[Mask | None, str | None]:
        """255 where the picture moves, or None and the reason why that cannot be told."""
        height, width = image.shape[:2]
        if self._size_wh != (width, height):
            self._size_wh = (width, height)
            self._learn_anew()
        moving = self._moving(image)
        self._seen += 1
        if self._seen <= LEARNING:
            return None, STARTING if self._why is None else self._why
        if cv2.countNonZero(moving) > _TOO_MUCH * moving.size:
            self._learn_anew(UPSET)
            return None, UPSET
        return _grown(moving, (width, height)), None

    def _learn_anew(self, why: str | None = None) -> None:
        self._model = cv2.createBackgroundSubtractorKNN(_FRAMES, _DISTANCE, _SHADOWS)
        self._seen, self._why = 0, why

    def _moving(self, image: Image) -> Mask:
        moving = self._model.apply(_small(image))
        return cv2.morphologyEx(moving, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(np.uint8, copy=False)


def _small(image: Image) -> Image:
    height, width = image.shape[:2]
    if height <= _HEIGHT:
        return image
    size_wh = (max(1, round(width * _HEIGHT / height)), _HEIGHT)
    return cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _grown(moving: Mask, size_wh: tuple[int, int]) -> Mask:
    """Dilated, as people's edges and plain clothes look like background, and in the picture's size."""
    down = max(3, round(moving.shape[0] / 26))
    wide = cv2.dilate(moving, np.ones((down, max(3, round(down * 0.64))), np.uint8))
    return cv2.resize(wide, size_wh, interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False)
