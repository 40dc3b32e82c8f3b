"""The orientation in a WebP where FFmpeg does not see it: in XMP, and in EXIF that begins as in a JPEG."""

from __future__ import annotations

import re

from functions.core.jpeg import exif_orientation
from functions.core.orientation import UPRIGHT

_XMP_ORIENTATION = re.compile(rb"tiff:Orientation(?:=[\"']|>)\s*([1-8])\b")
_CHUNKS_AT_MOST = 1000


def orientation_in(data: bytes) -> int:
    """The orientation that a WebP's EXIF gives, else its XMP; upright for any other data."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return UPRIGHT
    chunks = _chunks(data)
    if b"EXIF" in chunks:
        return exif_orientation(chunks[b"EXIF"].removeprefix(b"Exif\0\0"))
    found = _XMP_ORIENTATION.search(chunks.get(b"XMP ", b""))
    return int(found[1]) if found else UPRIGHT


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """Chunks by name, the first of each."""
    chunks = dict[bytes, bytes]()
    at = 12
    for _ in range(_CHUNKS_AT_MOST):
        if at + 8 > len(data):
            break
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        chunks.setdefault(data[at : at + 4], data[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    return chunks
