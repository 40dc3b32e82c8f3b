"""Where a redacted picture is covered, whatever covers it, and how far it is the raw one elsewhere."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from functions.core.frame import Size
from functions.core.jpeg import Image
from functions.geometry.masks import Mask

# Grey levels that an encoder changes hardly anywhere by, in the mean of so many pixels around: 23 of 51 of H.264 stays
# under 8 (docs/verify.md).
_CHANGED, _AROUND = 16, 5
# Gaps of this many pixels within what is covered are covered: somebody in black under black. Specks are not.
_GAP, _SPECK = 13, 7
# Pixels about what is covered that the encoder smears.
_SMEARED = 9
_SAME_DB = 99.0


def sized(image: Image, size_wh: Size) -> Image:
    """The picture in another size of the same shape."""
    if (image.shape[1], image.shape[0]) == size_wh:
        return image
    return cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def covered(raw: Image, redacted: Image) -> NDArray[np.bool_]:
    """Where the pixels of two BGR pictures of one size differ by more than encoding makes them."""
    differ = cv2.blur(cv2.absdiff(raw, redacted).max(axis=2), (_AROUND, _AROUND))
    mask: Mask = (differ > _CHANGED).astype(np.uint8)
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _disc(_GAP))
    return cv2.morphologyEx(closed, cv2.MORPH_OPEN, _disc(_SPECK)) > 0


def likeness_db(raw: Image, redacted: Image, hidden: NDArray[np.bool_]) -> float:
    """The peak signal-to-noise ratio of what is not covered; 99 where that is the same, or nothing."""
    apart = cv2.dilate(hidden.astype(np.uint8), _disc(2 * _SMEARED + 1)) == 0
    differ = cv2.absdiff(raw, redacted)[apart].astype(np.float32)
    mean = float(np.square(differ).mean()) if differ.size else 0.0
    return min(_SAME_DB, 20 * math.log10(255) - 10 * math.log10(mean)) if mean > 0 else _SAME_DB


def _disc(size: int) -> NDArray[np.uint8]:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(np.uint8)
