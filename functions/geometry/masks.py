"""Masks: 255 where a picture is covered or moves, 0 elsewhere; uint8 of shape (height, width)."""

from __future__ import annotations

import math
from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from functions.core.frame import XYXY, Size

Mask = NDArray[np.uint8]


def mask_of(size_wh: Size, boxes: Iterable[XYXY]) -> Mask:
    """255 where a box touches a pixel."""
    mask = np.zeros(size_wh[::-1], np.uint8)
    for box in boxes:
        mask[pixels(box)] = 255
    return mask


def enlarged(mask: Mask, size_wh: Size) -> Mask:
    """The mask at a larger size, each pixel that of the nearest one."""
    width, height = size_wh
    # Rows by themselves: cv2.resize would work out each one anew, and take nearly three times as long.
    wide = cv2.resize(mask, (width, mask.shape[0]), interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False)
    high: Mask = wide[np.arange(height) * mask.shape[0] // height]
    return high


def pixels(xyxy: XYXY) -> tuple[slice, slice]:
    """Rows and columns of the pixels that a box touches, as far as they are not left of or above the picture."""
    x1, y1, x2, y2 = xyxy
    return slice(max(0, math.floor(y1)), max(0, math.ceil(y2))), slice(max(0, math.floor(x1)), max(0, math.ceil(x2)))
