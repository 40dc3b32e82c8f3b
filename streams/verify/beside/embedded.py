"""Whole pictures within a file beside the one that is shown: EXIF thumbnails, previews, covers, attachments.

The file is searched for the first bytes of JPEG, PNG and WebP, whatever it calls them, and what decodes is a picture.
"""

from __future__ import annotations

import mmap
import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import pi_heif

from functions.core import jpeg
from functions.core.jpeg import Image, JpegError
from streams.video.choice import choose
from streams.video.pictures import is_picture

_JPEG, _PNG, _RIFF = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF"
_HEICS = frozenset({".heic", ".heif", ".hif"})
# Smaller is an icon; and bytes of a picture that are looked at, at most.
_LEAST_PX, _MOST_BYTES = 16, 32 << 20
_MOST_FOUND = 20
# A frame's place may be that of the chunk or block around it.
_CHUNK_HEADER = 32


def pictures_within(path: Path) -> list[str]:
    """The pictures within a file that are not the one, or the video, that it shows."""
    if path.stat().st_size == 0:
        return []
    own = [0] if is_picture(path) else _frames_of(path)
    found = [f"a {kind} of {width}x{height} at byte {at}" for at, kind, (width, height) in _searched(path, own)]
    return [*found, *(_thumbnails(path) if path.suffix.lower() in _HEICS else [])]


def _searched(path: Path, own: Sequence[int]) -> Iterator[tuple[int, str, tuple[int, int]]]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        count = 0
        for kind, start in (("JPEG", _JPEG), ("PNG", _PNG), ("WebP", _RIFF)):
            at = data.find(start)
            while at >= 0 and count < _MOST_FOUND:
                image = None if _is_own(at, own) else _decoded(data[at : at + _MOST_BYTES], kind)
                if image is not None and min(image.shape[:2]) >= _LEAST_PX:
                    count += 1
                    yield at, kind, (image.shape[1], image.shape[0])
                at = data.find(start, at + 1)


def _decoded(data: bytes, kind: str) -> Image | None:
    if kind == "JPEG":
        try:
            return jpeg.decode(data)
        except JpegError:
            return None
    if kind == "WebP" and data[8:12] != b"WEBP":
        return None
    if kind == "PNG" and not _is_small_enough(data):
        return None
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return None if image is None else image.astype(np.uint8, copy=False)


def _is_small_enough(png: bytes) -> bool:
    width, height = struct.unpack_from(">II", png.ljust(24, b"\0"), 16)
    return 0 < int(width) * int(height) <= jpeg.MAX_PIXELS


def _is_own(at: int, own: Sequence[int]) -> bool:
    before = own[bisect_right(own, at) - 1]
    return at == 0 or 0 < before >= at - _CHUNK_HEADER


def _frames_of(path: Path) -> list[int]:
    """Where the frames of the video itself begin, which may be JPEGs or PNGs; an AVI begins as a WebP does."""
    with av.open(str(path.resolve()), metadata_errors="replace") as container:
        stream = choose(container)
        if stream.codec_context.name not in ("mjpeg", "png", "webp", "apng"):
            return [0]
        return [0, *sorted(packet.pos for packet in container.demux(stream) if packet.pos is not None)]


def _thumbnails(path: Path) -> list[str]:
    sizes = pi_heif.open_heif(path).info.get("thumbnails", [])
    return [f"a thumbnail of {size} pixels" for size in sizes]
