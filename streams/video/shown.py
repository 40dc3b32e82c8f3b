"""A decoded frame as it is shown: upright, whatever its container says, and with square pixels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from av import VideoFrame
from av.sidedata.sidedata import SideData, Type

from functions.core.frame import Size
from functions.core.jpeg import MAX_PIXELS, MAX_SIDE, Image
from functions.core.orientation import UPRIGHT, of_matrix, upright, upright_size

# PyAV 18 does not know the newer kinds of side data, EXIF among them, and then gives none at all, not even the matrix:
# they are taken for the one kind that nobody here reads.
Type._missing_ = classmethod(lambda cls, value: cls.PANSCAN)  # type: ignore[method-assign,assignment]

# Wider or narrower pixels than that are a mistake in a header.
_MOST_ASPECT = 8.0


class Shown(NamedTuple):
    """A frame with its orientation, numbered as in EXIF, and its pixels' aspect, width by height."""

    frame: VideoFrame
    orientation: int = UPRIGHT
    aspect: float = 1.0

    @property
    def size_wh(self) -> Size:
        """Width and height as shown, no larger than a picture may be."""
        return upright_size(self._square_wh(), self.orientation)

    def image(self) -> Image:
        """Upright BGR pixels, uint8 of shape (height, width, 3)."""
        width, height = self._square_wh()
        interpolation = "AREA" if width < self.frame.width else None
        pixels = self.frame.to_ndarray(format="bgr24", width=width, height=height, interpolation=interpolation)
        return upright(np.asarray(pixels, np.uint8), self.orientation)

    def _square_wh(self) -> Size:
        wide = 1 / _MOST_ASPECT <= self.aspect <= _MOST_ASPECT
        width = max(round(self.frame.width * self.aspect), 1) if wide else self.frame.width
        if width > MAX_SIDE or width * self.frame.height > MAX_PIXELS:
            return self.frame.width, self.frame.height
        return width, self.frame.height


def orientation_of(frame: VideoFrame, otherwise: int = UPRIGHT) -> int:
    """The orientation of a frame by its display matrix, into which FFmpeg puts EXIF, too."""
    matrix = frame.side_data.get("DISPLAYMATRIX")
    return of_matrix(bytes(matrix)) if isinstance(matrix, SideData) else otherwise
