"""A folder of pictures: each kind is read, or named with a number and exit code 1."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Event

import av
import cv2
import pytest

from functions.core.jpeg import Image, JpegError
from streams.producer.sources import open_source
from streams.video.encoder import Encoder
from streams.video.pictures import read_picture
from tests.streams.producing import TOPIC, frames, produced
from tests.streams.video.filming import as_image, box, corners, film, heif, read, stored

# How a HEIF turns its picture, anticlockwise by quarters and then mirrored about an axis, for each orientation.
_ROTATED, _MIRRORED = (lambda quarters: box(b"irot", bytes([quarters]))), (lambda axis: box(b"imir", bytes([axis])))
TURNS = {
    1: [],
    2: [_MIRRORED(1)],
    3: [_ROTATED(2)],
    4: [_MIRRORED(0)],
    5: [_ROTATED(1), _MIRRORED(0)],
    6: [_ROTATED(3)],
    7: [_ROTATED(3), _MIRRORED(0)],
    8: [_ROTATED(1)],
}


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize(("name", "codec"), [("a.heic", "libx265"), ("a.avif", "libsvtav1")])
def test_a_heif_is_turned_as_it_says(name: str, codec: str, orientation: int, tmp_path: Path) -> None:
    pixels = stored(corners(128, 96), orientation)
    file = heif(tmp_path / name, pixels, codec, b"".join(TURNS[orientation]), len(TURNS[orientation]))

    assert read(as_image(read_picture(file))) == "RGBW"
    assert Encoder(85, None, 1_000_000, print).encode(read_picture(file))[1] == (128, 96)


def test_every_kind_of_picture_in_a_folder_is_read(tmp_path: Path, program: Callable[[str, str], str]) -> None:
    for name in ("a.jpg", "b.JPEG", "d.png", "e.BMP", "f.webp", "g.TIFF", "h.jp2", "i.ppm"):
        cv2.imwrite(str(tmp_path / name.lower()), corners())
        (tmp_path / name.lower()).rename(tmp_path / name)
    (tmp_path / "c.jfif").write_bytes((tmp_path / "a.jpg").read_bytes())
    (tmp_path / "j.jpg").write_bytes((tmp_path / "d.png").read_bytes())  # no JPEG, whatever its name says
    heif(tmp_path / "k.HEIC", corners(128, 96), "libx265")
    heif(tmp_path / "l.avif", corners(128, 96), "libsvtav1")
    ffmpeg = program("ffmpeg", "install it (Debian: apt-get install ffmpeg)")
    subprocess.run([ffmpeg, "-v", "error", "-i", tmp_path / "d.png", tmp_path / "m.gif"], check=True, timeout=60)
    for left in tmp_path.glob("*.mp4"):
        left.unlink()

    source = open_source(str(tmp_path), print)
    assert [read(as_image(moment.picture())) for moment in source.moments(Event())] == ["RGBW"] * 13
    assert source.losses == ""


def test_what_of_a_folder_is_not_read_is_said_in_numbers(embedded: str, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), corners())
    for name in ("2.jpg", "3.heic"):
        (tmp_path / name).write_bytes(b"")
    for name in ("4.CR2", "5.jxl", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    text = produced(embedded, tmp_path, code=1)

    assert len(frames(embedded, TOPIC, 1)) == 1
    assert "2 pictures are of a kind that is not read: 4.CR2, 5.jxl" in text
    assert "frame 1 is left out: 2.jpg: expected a picture, got 0 bytes that are none" in text
    assert "1 frames on the bus, 2 left out" in text


@pytest.mark.parametrize("name", ["a.heic", "a.avif", "a.png", "a.webp", "a.gif"])
def test_a_picture_that_is_cut_is_no_picture_or_what_there_is_of_it(name: str, tmp_path: Path) -> None:
    for data in (b"\0\0\0\x18ftypheic" + bytes(40), b"RIFF\0\0\0\0WEBP", b"GIF89a"):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(JpegError, match="expected a"):
            read_picture(tmp_path / name)


@pytest.mark.parametrize("size_wh", [(64, 48), (63, 47)])
def test_a_picture_with_pixels_that_are_not_square_is_shown_as_wide_as_a_player_shows_it(
    size_wh: tuple[int, int], tmp_path: Path
) -> None:
    image: Image = corners(*size_wh)
    with av.open(str(tmp_path / "a.png"), "w", format="image2") as container:
        stream = container.add_stream("png")
        stream.width, stream.height, stream.pix_fmt = *size_wh, "rgb24"  # type: ignore[attr-defined]
        frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format="rgb24")
        stream.codec_context.sample_aspect_ratio = 2  # type: ignore[attr-defined]
        container.mux(stream.encode(frame))  # type: ignore[attr-defined]

    shown = as_image(read_picture(tmp_path / "a.png"))
    assert shown.shape[1::-1] == (2 * size_wh[0], size_wh[1])


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov"])
@pytest.mark.parametrize("codec", ["libx264", "mjpeg"])
def test_a_video_with_pixels_that_are_not_square_is_too(name: str, codec: str, tmp_path: Path) -> None:
    if codec == "mjpeg" and name == "a.mp4":
        name = "b.mov"
    clip = film(tmp_path / name, [corners(48, 96)] * 2, codec, aspect=2)
    source = open_source(str(clip), print)
    assert {as_image(moment.picture()).shape for moment in source.moments(Event())} == {(96, 96, 3)}
