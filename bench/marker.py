"""Pictures of a camera with a planted marker, which redaction must hide, and the time at which they were taken."""

from __future__ import annotations

import cv2
import numpy as np

from functions import Detection, Frame, function
from functions.core.jpeg import Image

# The time stands in the uppermost rows: a cell a bit, and below it the opposite.
_BITS, _CELL = 24, 16
_SURE = 60  # of 255, by which a cell differs from its opposite
_MARKER_WH, _MAGENTA = (96, 128), (255, 0, 255)
_LEAST_PIXELS, _EDGE = 40, 8
_BACKGROUND = 90


def drawn(size_wh: tuple[int, int], taken_ms: int) -> Image:
    """A picture taken at that time, in ms since the epoch; its marker wanders from left to right."""
    width, height = size_wh
    image = np.full((height, width, 3), _BACKGROUND, np.uint8)
    for bit in range(_BITS):
        value = 255 if taken_ms >> bit & 1 else 0
        image[:_CELL, bit * _CELL : (bit + 1) * _CELL] = value
        image[_CELL : 2 * _CELL, bit * _CELL : (bit + 1) * _CELL] = 255 - value
    left, top = taken_ms // 40 % (width - _MARKER_WH[0]), height // 2
    image[top : top + _MARKER_WH[1], left : left + _MARKER_WH[0]] = _MAGENTA
    return image


def age_ms(image: Image, now_ms: int) -> int | None:
    """How old the picture is; None where no time can be read in it, since it is covered or grey."""
    cells = image[: 2 * _CELL, : _BITS * _CELL].mean(2).reshape(2, _CELL, _BITS, _CELL)[:, 4:-4, :, 4:-4].mean((1, 3))
    difference = cells[0] - cells[1]
    if np.abs(difference).min() < _SURE:
        return None
    taken_ms = sum(1 << bit for bit in range(_BITS) if difference[bit] > 0)
    return (now_ms - taken_ms) % (1 << _BITS)


def shows_marker(image: Image) -> bool:
    """Whether anything of the marker can be seen."""
    return bool(_marked(image).sum() > _LEAST_PIXELS)


@function(labels=lambda: ("person",))
def detect_marker(frame: Frame) -> Frame:
    """Find the marker, as a person."""
    marked = _marked(frame.image)
    if marked.sum() <= _LEAST_PIXELS:
        return frame
    x, y, width, height = cv2.boundingRect(marked.astype(np.uint8))
    xyxy = (x - _EDGE, y - _EDGE, x + width + _EDGE, y + height + _EDGE)
    return frame.with_detections([*frame.detections, Detection("person", 0.9, xyxy)])


def _marked(image: Image) -> np.ndarray:
    blue, green, red = (image[..., channel].astype(np.int16) for channel in range(3))
    found: np.ndarray = (blue - green > 60) & (red - green > 60)
    return found
