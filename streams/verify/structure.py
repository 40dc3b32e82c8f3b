"""What of a box still shows in a redacted picture.

As a whole it shows as far as both pictures' gradients (Sobel) correlate, normalised, in all quarters of its height but
the one that does least, with the box scaled down to a fixed height, so that detail finer than tells a person counts no
more than it should. That asks for no kind of redaction: black, a strong blur and a coarse mosaic correlate as little as
another picture would, or in one place; a weak blur, a fine mosaic and a veil that is nearly opaque correlate all over.
A part of it shows as far as its structure is unchanged: there, chance correlates too easily. `docs/verify.md` has what
was measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from functions.core.frame import XYXY
from functions.core.jpeg import Image

Grey = NDArray[np.float32]

# Pixels that a box is high when it is looked at, at most; and lower than which it is not looked at.
_HEIGHT, _LEAST_PX = 32, 8
# A box of a detector is larger than who is in it: so much of it, at each side, is not looked at.
_MARGIN = 0.1
# Parts: a quarter of the height, a third of the width. One with less structure than this share of the box's mean tells
# nothing of itself: the grass beside somebody.
_ROWS, _COLUMNS, _LEAST_STRUCTURE = 4, 3, 0.5
# Grey levels by which what is unchanged differs less, after an encoder.
_UNCHANGED = 20
# Gradients of noise and of rounding, squared, a pixel.
_NOISE = 4.0


class Shown(NamedTuple):
    """0 hidden, 1 as it was: how far the box correlates all over, and the share unchanged of what shows most."""

    whole: float
    part: float


def shown(raw: Image, redacted: Image, box: XYXY) -> Shown | None:
    """What of the box shows; both pictures are BGR of one size. None where the box is too small to tell."""
    before, after = _cut(raw, box), _cut(redacted, box)
    if min(before.shape[:2]) < _LEAST_PX:
        return None
    before, after = _small(before), _small(after)
    (x, y), (other_x, other_y) = _gradients(before), _gradients(after)
    structure = x**2 + y**2
    products = x * other_x + y * other_y, structure, other_x**2 + other_y**2
    whole = sorted(_correlation(*(each[rows] for each in products)) for rows in _windows(len(structure), _ROWS))[1]
    unchanged = cv2.absdiff(before, after).max(axis=2) < _UNCHANGED
    return Shown(whole, max(_shares(structure, structure * unchanged)))


def _correlation(both: Grey, raw: Grey, redacted: Grey) -> float:
    return float(both.mean()) / math.sqrt((float(raw.mean()) + _NOISE) * (float(redacted.mean()) + _NOISE))


def _shares(structure: Grey, unchanged: Grey) -> Iterator[float]:
    """Of each part that has enough structure, the share of it that is unchanged."""
    height, width = structure.shape
    rows = [(part, slice(None)) for part in _windows(height, _ROWS)]
    columns = [(slice(None), part) for part in _windows(width, _COLUMNS)]
    enough = max(float(structure.mean()) * _LEAST_STRUCTURE, _NOISE)
    for part in (*rows, *columns):
        there = float(structure[part].mean())
        yield float(unchanged[part].mean()) / there if there >= enough else 0.0


def _cut(image: Image, box: XYXY) -> Image:
    x1, y1, x2, y2 = box
    across, down = _MARGIN * (x2 - x1), _MARGIN * (y2 - y1)
    left, top = max(0, round(x1 + across)), max(0, round(y1 + down))
    return image[top : max(top, round(y2 - down)), left : max(left, round(x2 - across))]


def _small(part: Image) -> Image:
    scale = min(1.0, _HEIGHT / part.shape[0])
    size_wh = max(_LEAST_PX, round(part.shape[1] * scale)), max(_LEAST_PX, round(part.shape[0] * scale))
    return cv2.resize(part, size_wh, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _gradients(image: Image) -> tuple[Grey, Grey]:
    """Across and down, in grey levels a pixel."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    across, down = (cv2.Sobel(grey, cv2.CV_32F, x, 1 - x, ksize=3, scale=1 / 8) for x in (1, 0))
    return across.astype(np.float32), down.astype(np.float32)


def _windows(length: int, count: int) -> list[slice]:
    """Windows of a so manieth of the length, overlapping by half."""
    size = max(1, round(length / count))
    return [slice(at, at + size) for at in range(0, length - size + 1, max(1, size // 2))]
