"""Pictures for encoders of 4:2:0, which have no room for an odd row or column."""

from __future__ import annotations

import cv2
import numpy as np

from functions.core.jpeg import Image


def even(image: Image) -> Image:
    """The picture with its last row and column once more where they are odd in number."""
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        image = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE).astype(
            np.uint8, copy=False
        )
    return np.ascontiguousarray(image)
