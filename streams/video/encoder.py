"""JPEGs that fit a record, encoded directly from the YUV planes of a decoded frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import simplejpeg
from av import VideoFrame
from numpy.typing import NDArray

from functions.core import jpeg as codec
from functions.core.frame import Size
from functions.core.jpeg import MAX_PIXELS, MAX_SIDE, JpegError
from functions.core.orientation import upright, upright_size
from streams.video.shown import Shown

_LOWER_QUALITY = 0.8
_LOWEST_QUALITY = 30
_SMALLER = 0.8
# A camera that needs it all the time is not to encode every picture again and again.
_SETTLES_AFTER = 10
# Stages add detections to the same JPEG, and their records have the same limit.
_RESERVE = 1 / 16
START_OF_SCAN = b"\xff\xda"
_HUFFMAN_TABLES, _END, _SECOND = b"\xff\xc4", b"\xff\xd9", b"\xff\xd8\xff"


class _Level(NamedTuple):
    """How far a picture is lowered."""

    quality: int
    scale: float = 1.0

    def lower(self) -> _Level:
        if self.quality > _LOWEST_QUALITY:
            return self._replace(quality=max(int(self.quality * _LOWER_QUALITY), _LOWEST_QUALITY))
        return self._replace(scale=self.scale * _SMALLER)


class Encoder:
    """Makes JPEGs of at most `max_wh` that fit a record of `max_bytes`.

    Quality, then size, are lowered for the picture that needs it; where picture after picture does, they stay so.
    """

    def __init__(self, quality: int, max_wh: Size | None, max_bytes: int, say: Callable[[str], None]) -> None:
        self._level = _Level(quality)
        self._max_wh = max_wh or (MAX_SIDE, MAX_SIDE)
        self._max_bytes = int(max_bytes * (1 - _RESERVE))
        self._say = say
        self._said = False
        self._lowered = 0  # pictures in a row

    def encode(self, picture: bytes | Shown) -> tuple[bytes, Size]:
        """The JPEG and its upright size; a JPEG that fits is passed through unchanged. Raises JpegError."""
        if isinstance(picture, bytes):
            size_wh = codec.checked_header(picture).size_wh
            if len(picture) <= self._max_bytes and size_wh == self._fitting(size_wh):
                return picture, size_wh
            picture = Shown(VideoFrame.from_ndarray(codec.decode(picture), format="bgr24"))
        return self._encode_frame(picture)

    def _encode_frame(self, shown: Shown) -> tuple[bytes, Size]:
        level = self._level
        while True:
            size_wh = self._fitting(shown.size_wh, level.scale)
            jpeg = encode_frame(shown, size_wh, level.quality)
            if len(jpeg) <= self._max_bytes:
                self._settle(level)
                return jpeg, size_wh
            self._tell(len(jpeg))
            level = level.lower()

    def _settle(self, level: _Level) -> None:
        self._lowered = self._lowered + 1 if level != self._level else 0
        if self._lowered == _SETTLES_AFTER:
            self._level, self._lowered = level, 0
            self._say(f"quality {level.quality} and {level.scale:.0%} of the size from here on: every picture needs it")

    def _tell(self, was: int) -> None:
        if not self._said:
            self._say(
                f"quality, then size, are lowered: a picture of {was} bytes is over {self._max_bytes} of a record"
            )
            self._said = True

    def _fitting(self, size_wh: Size, scale: float = 1.0) -> Size:
        """The size that fits, of the same shape; never larger than it is."""
        width, height = size_wh
        scale = min(
            scale, self._max_wh[0] / width, self._max_wh[1] / height, (MAX_PIXELS / (width * height)) ** 0.5, 1.0
        )
        return max(int(width * scale + 1e-6), 1), max(int(height * scale + 1e-6), 1)


def encode_frame(shown: Shown, size_wh: Size, quality: int) -> bytes:
    """A JPEG of this size, made without conversion to BGR."""
    frame = shown.frame
    width, height = upright_size(size_wh, shown.orientation)
    full = frame.reformat(
        width,
        height,
        format="yuvj420p",
        # A JPEG is BT.601 in full range, whatever the video is.
        dst_colorspace="ITU601",
        dst_color_range="JPEG",
        interpolation="AREA" if width < frame.width or height < frame.height else None,
        threads=1,
    )
    planes = [_even(upright(_array(plane), shown.orientation)) for plane in full.planes]
    jpeg: bytes = simplejpeg.encode_jpeg_yuv_planes(*planes, quality=quality)
    return jpeg


def is_complete(data: bytes) -> bool:
    """Whether a frame of motion JPEG is a complete JPEG: many cameras leave out the Huffman tables."""
    try:
        codec.read_header(data)
    except JpegError:
        return False
    before_scan = data[: data.find(START_OF_SCAN)]
    return _HUFFMAN_TABLES in before_scan and data.rstrip(b"\0").endswith(_END)


def has_two_fields(data: bytes) -> bool:
    """Whether a frame of motion JPEG is two pictures of half its height, one after the other."""
    end = data.find(_END, data.find(START_OF_SCAN))
    return _SECOND in data[end:]


def _even(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The plane in a buffer of even size: the encoder reads a row and a column beyond the end of an odd one."""
    height, width = plane.shape
    if height % 2 or width % 2:
        return np.pad(plane, ((0, height % 2), (0, width % 2)), mode="edge")[:height, :width]
    return np.ascontiguousarray(plane)


def _array(plane: Any) -> NDArray[np.uint8]:
    return np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
