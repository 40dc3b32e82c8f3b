"""JPEG files: what their headers say, which way up they are, and that half of one is none."""

from __future__ import annotations

import contextlib
import struct
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.core import jpeg
from functions.core.jpeg import Image, JpegError, JpegHeader


def _picture(width: int = 96, height: int = 48) -> Image:
    """No two of its corners look the same."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // width, y * 255 // height, np.where((x < 20) & (y < 10), 255, 0)], -1).astype(np.uint8)


def _with_orientation(picture: bytes, orientation: int, order: str = ">") -> bytes:
    mark = b"MM" if order == ">" else b"II"
    tiff = mark + struct.pack(order + "HIHHHIHHI", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    block = b"Exif\0\0" + tiff
    return picture[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + picture[2:]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright_as_opencv_turns_it(orientation: int, order: str) -> None:
    turned = _with_orientation(jpeg.encode(_picture()), orientation, order)
    wanted = cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR)
    assert wanted is not None
    image = jpeg.decode(turned)
    assert image.shape == wanted.shape
    assert np.abs(image.astype(int) - wanted).mean() < 2  # two decoders
    assert jpeg.read_header(turned) == JpegHeader((image.shape[1], image.shape[0]), orientation, 1, True)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_decoded_smaller_is_upright_too(orientation: int) -> None:
    turned = _with_orientation(jpeg.encode(_picture()), orientation)
    whole, half = jpeg.decode(turned), jpeg.decode(turned, least_side=40)
    assert half.shape == (whole.shape[0] // 2, whole.shape[1] // 2, 3)
    assert np.abs(cv2.resize(whole, half.shape[1::-1], interpolation=cv2.INTER_AREA).astype(int) - half).mean() < 6


@pytest.mark.parametrize(("least_side", "side"), [(97, 96), (49, 96), (48, 48), (25, 48), (24, 24), (12, 12), (1, 12)])
def test_a_picture_is_decoded_no_smaller_than_asked(least_side: int, side: int) -> None:
    assert jpeg.decode(jpeg.encode(_picture()), least_side).shape == (side // 2, side, 3)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_upright(orientation: int) -> None:
    picture = _with_orientation(jpeg.encode(_picture()), orientation)
    assert jpeg.read_header(picture) == JpegHeader((96, 48), 1, 1, True)


def test_an_exif_block_that_is_cut_is_ignored() -> None:
    picture = jpeg.encode(_picture())
    block = b"Exif\0\0MM\0*\0\0"
    cut = picture[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + picture[2:]
    assert jpeg.decode(cut).shape == (48, 96, 3)


def test_the_header_is_read_from_other_writers_too() -> None:
    said, encoded = cv2.imencode(".jpg", _picture(), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])
    assert said
    header = jpeg.read_header(encoded.tobytes())
    assert (header.size_wh, header.orientation) == ((96, 48), 1)
    assert header.scans > 1
    assert not header.in_one


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_picture_that_is_cut_is_refused_rather_than_half_decoded(share: float) -> None:
    picture = jpeg.encode(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    for least_side in (None, 16):
        with pytest.raises(JpegError, match="Expected a whole JPEG"):
            jpeg.decode(picture[: int(len(picture) * share)], least_side)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"Expected a JPEG \(starting FF D8\), got nothing"),
        (b"\x89PNG\r\n\x1a\n", r"Expected a JPEG \(starting FF D8\), got a PNG"),
        (b"hello", r"Expected a JPEG \(starting FF D8\), got 5 bytes starting 68 65 6C 6C"),
        (b"\xff\xd8", "Expected a whole JPEG header, got 2 bytes that end within it"),
        (b"\xff\xd8hello", "Expected a JPEG marker at byte 2, got 0x68"),
        (b"\xff\xd8\xff\xda\0\x08\x01\x01\0\0\x3f\0", "Expected a JPEG frame header before the first scan, got none"),
    ],
)
def test_what_is_no_jpeg_is_named(data: bytes, message: str) -> None:
    with pytest.raises(JpegError, match=message):
        jpeg.read_header(data)


def test_a_marker_length_that_points_at_itself_does_not_hang() -> None:
    with pytest.raises(JpegError):
        jpeg.read_header(b"\xff\xd8" + b"\xff\xe0\0\0" * 3)


FILLED = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(65_500)
EXIF = b"\xff\xe1" + struct.pack(">H", len(FILLED) + 2) + FILLED
ENDLESS = {
    "markers without a length": b"\xff\x01" * 2**20,
    "restart markers": b"\xff\xd0" * 2**20,
    "fill bytes": b"\xff" * 2**21,
    "empty segments": b"\xff\xe0\0\2" * 2**19,
    "frame headers": (b"\xff\xc0\0\x0b\x08\0\x10\0\x10\1\1\x11\0") * 2**17,
    "EXIF blocks of nothing but entries": EXIF * 31,
    "entries, then markers": EXIF + b"\xff\x01" * 2**20,
}


# Two thousand markers and a thousand entries at some lines each; 2 MB of them without a bound are ten million lines.
STEPS = 40_000


def _lines_run(data: bytes) -> int:
    """How many lines of the module run until a header is refused: steps of Python, however slow the machine."""
    lines = 0

    def count(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        nonlocal lines
        lines += event == "line"
        return count if frame.f_code.co_filename == jpeg.__file__ else None

    before = sys.gettrace()
    sys.settrace(count)
    try:
        with contextlib.suppress(JpegError):
            jpeg.checked_header(data)
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize("what", ENDLESS)
def test_what_stands_before_a_picture_takes_no_more_steps_the_more_there_is(what: str) -> None:
    assert _lines_run(b"\xff\xd8" + ENDLESS[what]) < STEPS
    with pytest.raises(JpegError, match=r"Expected a (picture behind at most 2000 JPEG markers|whole JPEG header)"):
        jpeg.checked_header(b"\xff\xd8" + ENDLESS[what])


@given(st.lists(st.sampled_from([*ENDLESS, "a scan"]), min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_nor_does_any_mixture_of_it(names: list[str]) -> None:
    mixed = b"".join(ENDLESS.get(name, b"\xff\xda\0\x08\1\1\0\0\x3f\0")[: 2**19] for name in names)
    assert _lines_run(b"\xff\xd8" + mixed) < STEPS


def test_a_picture_behind_hundreds_of_segments_is_read() -> None:
    picture = jpeg.encode(_picture())
    comment = b"\xff\xfe\0\x07hello"
    assert jpeg.decode(picture[:2] + comment * 500 + b"\xff" * 64 + picture[2:]).shape == (48, 96, 3)


@given(st.binary(max_size=40).map(lambda tail: tail.replace(b"\0", b"\xff\xda")))
def test_scans_are_counted_wherever_they_start(tail: bytes) -> None:
    said, encoded = cv2.imencode(".jpg", _picture(), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])
    assert said
    several = encoded.tobytes()
    assert jpeg.read_header(several + tail).scans == (several + tail).count(b"\xff\xda")


def test_of_two_exif_blocks_the_first_counts_as_it_does_for_opencv() -> None:
    picture = _with_orientation(_with_orientation(jpeg.encode(_picture()), 1), 6)
    wanted = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert wanted is not None
    assert jpeg.decode(picture).shape == wanted.shape == (96, 48, 3)


def test_what_is_encoded_looks_the_same_and_has_small_chroma() -> None:
    encoded = jpeg.encode(_picture())
    assert np.abs(jpeg.decode(encoded).astype(int) - _picture()).mean() < 4
    frame_header = encoded.index(b"\xff\xc0")
    assert encoded[frame_header + 11] == 0x22  # the first component twice as fine as the others: 4:2:0
