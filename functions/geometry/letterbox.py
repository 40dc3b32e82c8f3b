"""Letterbox: fit a picture into a network's input at its aspect ratio, and map boxes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from functions.core.frame import Size
from functions.geometry.boxes import Floats


@dataclass(frozen=True)
class Letterbox:
    """Where a picture lies in a network's input; sizes and offsets in pixels of that input."""

    picture_wh: Size
    input_wh: Size
    size_wh: Size
    offset_xy: Size

    @classmethod
    def fit(cls, picture_wh: Size, input_wh: Size, centred: bool) -> Letterbox:
        """The largest place of the picture's shape, in the middle or at the top left."""
        scale = min(input_wh[0] / picture_wh[0], input_wh[1] / picture_wh[1])
        # Rounded first, since 416 / 640 * 640 may be a little under 416.
        width, height = (max(1, int(round(side * scale, 6))) for side in picture_wh)
        rest = (input_wh[0] - width, input_wh[1] - height)
        offset = (rest[0] // 2, rest[1] // 2) if centred else (0, 0)
        return cls(picture_wh, input_wh, (width, height), offset)

    def draw(self, image: NDArray[Any], fill: float) -> NDArray[Any]:
        """The network's input: the image resized in its place, `fill` around it."""
        (left, top), (width, height) = self.offset_xy, self.size_wh
        canvas = np.full((self.input_wh[1], self.input_wh[0], 3), fill, image.dtype)
        cv2.resize(image, (width, height), dst=canvas[top : top + height, left : left + width])
        return canvas

    def to_picture(self, shares: Floats) -> Floats:
        """Boxes given as shares of the network's input, in pixels of the picture."""
        inputs, sizes, pictures = (
            np.array(wh * 2, np.float32) for wh in (self.input_wh, self.size_wh, self.picture_wh)
        )
        offset = np.array(self.offset_xy * 2, np.float32) / inputs
        xyxy: Floats = (shares - offset) / (sizes / inputs) * pictures
        return xyxy
