"""The eight orientations of a picture, numbered 1 to 8 as in EXIF, and how each is brought upright."""

from __future__ import annotations

import struct
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

UPRIGHT = 1
# From here on width and height change places.
_FIRST_SIDEWAYS = 5

_TURNS: dict[int, Callable[[Pixels], object]] = {
    2: lambda pixels: cv2.flip(pixels, 1),
    3: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_180),
    4: lambda pixels: cv2.flip(pixels, 0),
    5: cv2.transpose,
    6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda pixels: cv2.flip(cv2.transpose(pixels), -1),
    8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}

# Where each orientation puts a point (x, y): to (a*x + c*y, b*x + d*y), as (a, b, c, d).
_MATRICES = {
    1: (1, 0, 0, 1),
    2: (-1, 0, 0, 1),
    3: (-1, 0, 0, -1),
    4: (1, 0, 0, -1),
    5: (0, 1, 1, 0),
    6: (0, 1, -1, 0),
    7: (0, -1, -1, 0),
    8: (0, -1, 1, 0),
}


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """The picture, or one plane of it, brought upright."""
    if orientation == UPRIGHT:
        return pixels
    return np.asarray(_TURNS[orientation](pixels), np.uint8)


def upright_size(size_wh: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Width and height when brought upright, and the other way round."""
    return size_wh[::-1] if orientation >= _FIRST_SIDEWAYS else size_wh


def of_matrix(matrix: bytes) -> int:
    """The orientation nearest to a display matrix: nine 32 bit integers, as FFmpeg has it."""
    a, b, _, c, d = struct.unpack_from("=5i", matrix)
    return max(_MATRICES, key=lambda orientation: np.dot(_MATRICES[orientation], (a, b, c, d)))
