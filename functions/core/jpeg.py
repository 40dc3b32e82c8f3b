"""JPEG files: header, decoding to BGR, encoding from BGR."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from functions.core.orientation import UPRIGHT, upright, upright_size

Image = NDArray[np.uint8]
# Makes pixels of a JPEG.
Decode = Callable[[bytes], Image]

# At 85 a redrawn picture is smaller than its source, and the detectors find the same boxes as at 95.
QUALITY = 85

# What is decoded at all: a small file may say that it is a large picture, or make the decoder go over it again and
# again. One of several scans is held twice while it is decoded, as coefficients and as pixels.
MAX_SIDE = 16_384
MAX_PIXELS, MAX_PIXELS_OF_SCANS = 40_000_000, 20_000_000
MAX_SCANS = 100
# What is looked at in front of the picture, in Python: a file may be nothing but markers. Cameras write 20 segments,
# programs a few hundred (a colour profile in parts), and 40 entries of EXIF.
MAX_MARKERS, MAX_EXIF_ENTRIES = 2_000, 1_000

# Other parts of the size take longer to decode to than the whole does.
_QUICK_PARTS = (8, 4, 2)

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_APP1, _START_OF_SCAN = 0xE1, 0xDA
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_ORIENTATION_TAG = 0x0112


class JpegError(ValueError):
    """The bytes are no JPEG that can be decoded."""


@dataclass(frozen=True)
class JpegHeader:
    """The header of a JPEG: `size_wh` is the upright size; `in_one` says that a single scan holds all components."""

    size_wh: tuple[int, int]
    orientation: int
    scans: int
    in_one: bool


def read_header(jpeg: bytes) -> JpegHeader:
    """Read size, EXIF orientation and number of scans. Raises JpegError where the bytes are no JPEG, or truncated."""
    if not jpeg.startswith(b"\xff\xd8"):
        raise JpegError(f"Expected a JPEG (starting FF D8), got {_looks_like(jpeg)}")
    try:
        return _walk(jpeg)
    except (struct.error, IndexError):
        raise JpegError(f"Expected a whole JPEG header, got {len(jpeg)} bytes that end within it") from None


def checked_header(jpeg: bytes) -> JpegHeader:
    """The header of a JPEG within the limits of size and scans. Raises JpegError for any other."""
    header = read_header(jpeg)
    width, height = header.size_wh
    most = MAX_PIXELS if header.in_one else MAX_PIXELS_OF_SCANS
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= most):
        of_scans = "" if header.in_one else " in several scans"
        raise JpegError(
            f"Expected a picture of at most {most} pixels{of_scans}, each side 1 to {MAX_SIDE}, got {width}x{height}"
        )
    if header.scans > MAX_SCANS:
        raise JpegError(f"Expected a JPEG of at most {MAX_SCANS} scans, got {header.scans}")
    return header


def decode(jpeg: bytes, least_side: int | None = None) -> Image:
    """Decode to an upright BGR array, uint8 of shape (height, width, 3).

    With `least_side`, decode to 1/2, 1/4 or 1/8 of the size where the longer side then still has `least_side` pixels,
    which is faster. Raises JpegError for a truncated or corrupt picture, and for one beyond the limits.
    """
    header = checked_header(jpeg)
    try:
        image = simplejpeg.decode_jpeg(jpeg, "BGR", strict=True, **_reduced(header, least_side))
    except ValueError as error:
        raise JpegError(f"Expected a whole JPEG, got one that does not decode: {error}") from None
    return upright(image, header.orientation)


def encode(image: Image, quality: int = QUALITY) -> bytes:
    """Encode a BGR array, uint8 of shape (height, width, 3), with 4:2:0 chroma and no metadata."""
    encoded: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality, "BGR", "420")
    return encoded


def _reduced(header: JpegHeader, least_side: int | None) -> dict[str, int]:
    """The arguments with which simplejpeg decodes to a fraction of the size."""
    longer = max(header.size_wh)
    part = next((part for part in _QUICK_PARTS if least_side is not None and longer >= part * least_side), None)
    if part is None:
        return {}
    width, height = upright_size(header.size_wh, header.orientation)
    return {"min_width": math.ceil(width / part), "min_height": math.ceil(height / part)}


def _walk(jpeg: bytes) -> JpegHeader:
    orientation, size_wh, components, progressive = None, None, 0, False
    for marker, at, length in _segments(jpeg):
        if marker in _START_OF_FRAME:
            height, width = struct.unpack_from(">HH", jpeg, at + 5)
            size_wh, components, progressive = (width, height), jpeg[at + 9], marker in _PROGRESSIVE
        elif marker == _START_OF_SCAN:
            break
        # Of several EXIF blocks OpenCV obeys the first.
        elif marker == _APP1 and orientation is None and jpeg[at + 4 : at + 10] == b"Exif\0\0":
            orientation = exif_orientation(jpeg[at + 10 : at + 2 + length])
    if size_wh is None:
        raise JpegError("Expected a JPEG frame header before the first scan, got none")
    # Decoders read one scan only where a sequential picture's first scan holds all its components: no need to
    # search the whole file.
    in_one = not progressive and jpeg[at + 4] == components
    scans = 1 if in_one else _count_scans(jpeg, at)
    orientation = orientation or UPRIGHT
    return JpegHeader(upright_size(size_wh, orientation), orientation, scans, in_one)


def _segments(jpeg: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, offset and length of each segment. Raises JpegError beyond MAX_MARKERS."""
    at = 2
    for _ in range(MAX_MARKERS):
        if jpeg[at] != 0xFF:
            raise JpegError(f"Expected a JPEG marker at byte {at}, got {jpeg[at]:#04x}")
        marker = jpeg[at + 1]
        if marker == 0xFF or marker in _STANDALONE:  # fill byte, or a marker without a length
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", jpeg, at + 2)
        yield marker, at, length
        at += 2 + length
    raise JpegError(f"Expected a picture behind at most {MAX_MARKERS} JPEG markers, got more")


def _count_scans(jpeg: bytes, at: int) -> int:
    """The number of start-of-scan markers; within a scan's data FF is always followed by 00."""
    # Two bytes at a time, from even and from odd places: a tenth of the time of bytes.count.
    pairs = (np.frombuffer(jpeg, ">u2", (len(jpeg) - start) // 2, start) for start in (at, at + 1))
    return sum(int(np.count_nonzero(places == 0xFF00 | _START_OF_SCAN)) for places in pairs)


def exif_orientation(tiff: bytes) -> int:
    """The orientation in a block of EXIF, which is a TIFF header: 1 where it has none or cannot be read."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, start)
        for entry in range(min(entries, MAX_EXIF_ENTRIES)):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, start + 2 + 12 * entry)
            if tag == _ORIENTATION_TAG and kind == 3:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def _looks_like(data: bytes) -> str:
    if data.startswith(b"\x89PNG"):
        return "a PNG"
    return f"{len(data)} bytes starting {data[:4].hex(' ').upper()}" if data else "nothing"
