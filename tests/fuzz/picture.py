"""A JPEG: its header is read and its pixels decoded, as the header says, or it is refused."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from functions.core import jpeg
from functions.core.jpeg import JpegError
from streams.video.encoder import is_complete
from tests.fuzz.record import VECTORS

MAX_BYTES = 8192
# Larger ones take long without being read in another way; image bombs have a test of their own.
_MAX_PIXELS = 1_000_000


def one(data: bytes) -> None:
    """Read header and pixels."""
    is_complete(data)
    try:
        width, height = jpeg.read_header(data).size_wh
        if width * height > _MAX_PIXELS:
            return
        image = jpeg.decode(data)
    except JpegError:
        return
    assert image.shape == (height, width, 3), (image.shape, width, height)
    assert image.dtype == np.uint8


def seeds() -> Iterator[bytes]:
    """Pictures of every kind that decoders treat in a way of its own."""
    picture = (VECTORS / "picture.jpg").read_bytes()
    yield picture
    yield b"\xff\xd8\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0" + picture[2:]
    image = np.random.default_rng(1).integers(0, 255, (24, 40, 3), np.uint8)
    for settings in ([cv2.IMWRITE_JPEG_PROGRESSIVE, 1], [cv2.IMWRITE_JPEG_RST_INTERVAL, 2], []):
        for pixels in (image, image[..., 0]):
            yield cv2.imencode(".jpg", pixels, [*settings, cv2.IMWRITE_JPEG_QUALITY, 30])[1].tobytes()
