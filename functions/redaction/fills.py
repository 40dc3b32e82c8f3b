"""Fills: the pixels drawn over what is covered. None of them depends on a pixel that it hides."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np

from functions.core.jpeg import Image
from functions.geometry.masks import Mask

# Cells along the side of a square of the covered area; and the least size of a cell in pixels.
_CELLS = 4
_SMALLEST = 8


def _around(image: Image, mask: Mask, interpolation: int) -> Image:
    """The mean colours of the uncovered pixels around, in cells whose size grows with the covered area.

    A mosaic or a blur of the hidden pixels themselves would tell people apart by their colours.
    """
    height, width = image.shape[:2]
    cell = max(_SMALLEST, round(math.sqrt(cv2.countNonZero(mask)) / _CELLS))
    grid = (max(1, width // cell), max(1, height // cell))
    shown = (mask == 0).astype(np.float32)
    weight = cv2.resize(shown, grid, interpolation=cv2.INTER_AREA)[..., None]
    sums = cv2.resize(image * shown[..., None], grid, interpolation=cv2.INTER_AREA)
    mean = sums.sum(axis=(0, 1)) / max(float(weight.sum()), 1e-6)
    colours = np.where(weight > 0.01, sums / np.maximum(weight, 0.01), mean).astype(np.uint8)
    around: Image = cv2.resize(colours, (width, height), interpolation=interpolation)
    return around


def filled(image: Image, mask: Mask, style: str) -> Image:
    """A new picture: the image, black or in that style where the mask is set."""
    shown = cv2.copyTo(image, cv2.bitwise_not(mask)).astype(np.uint8, copy=False)
    fill = STYLES[style]
    return shown if fill is None else cv2.copyTo(fill(image, mask), mask, shown).astype(np.uint8, copy=False)


STYLES: dict[str, Callable[[Image, Mask], Image] | None] = {
    "solid": None,
    "pixelate": partial(_around, interpolation=cv2.INTER_NEAREST),
    "blur": partial(_around, interpolation=cv2.INTER_LINEAR),
}
