"""A redacted picture: of the same kind as its source where that can be written, encoded anew from its pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2

from functions.core import jpeg
from functions.core.jpeg import Image

# Of photos that people keep, unlike those of a stream.
_QUALITY = 92


def _jpeg(image: Image) -> bytes:
    return jpeg.encode(image, _QUALITY)


def _grey(image: Image) -> bytes:
    return cv2.imencode(".pgm", cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))[1].tobytes()


def _by_opencv(suffix: str) -> Callable[[Image], bytes]:
    return lambda image: cv2.imencode(suffix, image)[1].tobytes()


_WRITERS: dict[str, Callable[[Image], bytes]] = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), _jpeg),
    **{suffix: _by_opencv(suffix) for suffix in (".png", ".bmp", ".dib", ".webp", ".tif", ".tiff", ".ppm")},
    ".pgm": _grey,
}
# What nothing here writes: photos become JPEG, a GIF that does not move PNG.
_INSTEAD = {".gif": ".png", ".jp2": ".png"}


def suffix_of(source: Path) -> str:
    """The suffix of a picture's result: its own, or that of the kind that it becomes."""
    suffix = source.suffix.lower()
    return source.suffix if suffix in _WRITERS else _INSTEAD.get(suffix, ".jpg")


def encoded(image: Image, suffix: str) -> bytes:
    """The pixels as a file of that kind, without any metadata."""
    return _WRITERS[suffix.lower()](image)


def moves(data: bytes) -> bool:
    """Whether a PNG, WebP or AVIF is a film, of which only the first picture would be read."""
    return b"acTL" in data[:4096] or (data[8:16] == b"WEBPVP8X" and bool(data[20] & 2)) or data[4:12] == b"ftypavis"
