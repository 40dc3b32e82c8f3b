"""Folders of pictures, and what is done so that a picture fits a record."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from functions.core import jpeg
from functions.core.jpeg import Image
from streams.video.encoder import Encoder, encode_frame
from streams.video.shown import Shown
from tests.streams.producing import TOPIC, frames, produced

NOISE = np.random.default_rng(1)


def test_the_pictures_of_a_folder_are_sent_by_number_and_jpegs_as_they_are(embedded: str, tmp_path: Path) -> None:
    first, second = jpeg.encode(_noise(31, 17)), jpeg.encode(_noise(40, 30), 50)
    (tmp_path / "shot-9.jpg").write_bytes(first)
    (tmp_path / "shot-10.JPG").write_bytes(second)
    cv2.imwrite(str(tmp_path / "shot-11.png"), np.full((21, 33, 3), (250, 20, 30), np.uint8))
    (tmp_path / "notes.txt").write_text("no picture")
    produced(embedded, tmp_path)

    records = frames(embedded, TOPIC, 3)
    assert [record["jpeg"] for record in records[:2]] == [first, second]
    assert [record["size_wh"] for record in records] == [[31, 17], [40, 30], [33, 21]]
    assert np.abs(jpeg.decode(records[2]["jpeg"])[10, 10].astype(int) - (250, 20, 30)).max() < 4


def test_a_damaged_picture_is_left_out_and_named(embedded: str, tmp_path: Path) -> None:
    whole = jpeg.encode(_noise(64, 48))
    for name, data in {"1.jpg": whole, "2.jpg": whole[:900], "3.jpg": b"text", "4.jpg": whole}.items():
        (tmp_path / name).write_bytes(data)
    text = produced(embedded, tmp_path, code=1)

    assert [record["seq"] for record in frames(embedded, TOPIC, 2)] == [0, 3]
    assert "frame 1 is left out: 2.jpg: Expected a whole JPEG" in text
    assert "frame 2 is left out: 3.jpg: expected a picture, got 4 bytes that are none" in text
    assert "2 frames on the bus, 2 left out" in text


def test_quality_and_then_size_are_lowered_until_a_record_fits_and_it_is_said_once(
    embedded: str, tmp_path: Path
) -> None:
    for name in ("1.png", "2.png"):
        cv2.imwrite(str(tmp_path / name), _noise(640, 480))
    text = produced(embedded, tmp_path, env={"IMAGEBUS_MAX_RECORD_BYTES": "65536"})

    records = frames(embedded, TOPIC, 2)
    assert all(len(record["jpeg"]) < 65_536 for record in records)
    assert all(record["size_wh"][0] < 640 for record in records)
    assert text.count("quality, then size, are lowered") == 1


def test_one_oversized_picture_makes_no_other_one_smaller() -> None:
    said: list[str] = []
    encoder = Encoder(85, None, 65_536, said.append)
    small = Shown(av.VideoFrame.from_ndarray(_noise(120, 80), format="bgr24"))
    before = encoder.encode(small)
    assert encoder.encode(Shown(av.VideoFrame.from_ndarray(_noise(1280, 960), format="bgr24")))[1] != (1280, 960)

    assert encoder.encode(small) == before
    assert len(said) == 1


def test_a_camera_whose_every_picture_is_oversized_settles_and_says_so() -> None:
    said: list[str] = []
    encoder = Encoder(85, None, 65_536, said.append)
    large = Shown(av.VideoFrame.from_ndarray(_noise(640, 480), format="bgr24"))
    sizes = {encoder.encode(large)[1] for _ in range(15)}

    assert len(sizes) == 1
    assert [line.partition(":")[0] for line in said[1:]] == ["quality 30 and 80% of the size from here on"]


def test_a_jpeg_that_is_too_large_for_a_record_is_encoded_again() -> None:
    said: list[str] = []
    image = _noise(320, 240)
    encoded, size_wh = Encoder(90, None, 65_536, said.append).encode(jpeg.encode(image, 100))

    assert len(encoded) < 65_536
    assert size_wh == (320, 240)
    assert len(said) == 1


@pytest.mark.parametrize("size_wh", [(1, 1), (3, 3), (17, 9), (203, 101), (768, 576)])
def test_sizes_of_any_kind_keep_their_colours(size_wh: tuple[int, int]) -> None:
    image = np.full((size_wh[1], size_wh[0], 3), (40, 180, 220), np.uint8)
    decoded = jpeg.decode(encode_frame(Shown(av.VideoFrame.from_ndarray(image, format="bgr24")), size_wh, 85))

    assert decoded.shape == image.shape
    assert np.abs(decoded.astype(int) - image).max() < 5


@pytest.mark.parametrize("colours", ["ITU601", "ITU709"])
@pytest.mark.parametrize("levels", ["MPEG", "JPEG"])
def test_video_of_either_standard_keeps_its_colours(colours: str, levels: str) -> None:
    image = np.full((64, 96, 3), (30, 60, 230), np.uint8)
    bgr = av.VideoFrame.from_ndarray(image, format="bgr24")
    frame = bgr.reformat(format="yuv420p", dst_colorspace=colours, dst_color_range=levels)

    assert np.abs(jpeg.decode(encode_frame(Shown(frame), (96, 64), 90)).astype(int) - image).max() < 6


def test_a_clip_filmed_upright_is_sent_upright(embedded: str, tmp_path: Path) -> None:
    clip = tmp_path / "phone.mp4"
    _film(clip)
    produced(embedded, clip)

    (record,) = frames(embedded, TOPIC, 1)
    assert record["size_wh"] == [48, 64]
    picture, expected = jpeg.decode(record["jpeg"]), cv2.VideoCapture(str(clip)).read()[1]
    assert np.abs(picture.astype(int) - expected).mean() < 4


def _film(path: Path) -> None:
    """One frame with a dark left half, turned as a phone marks it, by the matrix in the track's header."""
    image = np.full((48, 64, 3), 200, np.uint8)
    image[:, :32] = 30
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for packet in [*stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")), *stream.encode()]:
            container.mux(packet)
    one, zero, minus = b"\0\1\0\0", b"\0\0\0\0", b"\xff\xff\0\0"
    data, track = path.read_bytes(), path.read_bytes().index(b"tkhd")
    upright, quarter = one + 3 * zero + one, zero + one + zero + minus + zero
    path.write_bytes(data[:track] + data[track:].replace(upright, quarter, 1))


def _noise(width: int, height: int) -> Image:
    return NOISE.integers(0, 255, (height, width, 3), dtype=np.uint8)
