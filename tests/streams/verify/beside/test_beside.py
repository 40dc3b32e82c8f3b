"""What a file holds beside its picture, however it is put there; and what every program writes is let be."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from functions.core import jpeg
from streams.verify.beside.containers import sound_of, streams_beside
from streams.verify.beside.embedded import pictures_within
from streams.verify.beside.tags import tags_left
from tests.streams.verify.planted import film

PICTURE = cv2.resize(np.random.default_rng(1).integers(0, 255, (6, 8, 3), np.uint8), (64, 48)).astype(np.uint8)


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".tif", ".bmp"])
def test_a_picture_just_written_holds_nothing(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"picture{ending}"
    cv2.imwrite(str(path), PICTURE)
    assert (tags_left(path, path), pictures_within(path)) == ([], [])


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov", ".avi"])
def test_a_video_just_written_holds_nothing(ending: str, tmp_path: Path) -> None:
    path = film(tmp_path / f"video{ending}", [PICTURE] * 3)
    assert (tags_left(path, path), pictures_within(path)) == ([], [])
    assert (streams_beside(path), sound_of(path)) == ([], [])


def png_with_text(path: Path) -> None:
    text = PngInfo()
    text.add_text("Author", "Somebody")
    Pillow.fromarray(PICTURE).save(path, pnginfo=text)


def jpeg_with_place(path: Path) -> None:
    exif = Pillow.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8769)[0x9003] = "2026:11:28 10:00:00"
    Pillow.fromarray(PICTURE).save(path, exif=exif, comment=b"at home")


def webp_with_device(path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x0110] = "Camera 7"
    Pillow.fromarray(PICTURE).save(path, exif=exif)


@pytest.mark.parametrize(
    ("name", "write", "said"),
    [
        ("a.png", png_with_text, ["Author: Somebody"]),
        (
            "a.jpg",
            jpeg_with_place,
            ["comment: b'at home'", "DateTimeOriginal: 2026:11:28 10:00:00", "GPSLatitudeRef: N"],
        ),
        ("a.webp", webp_with_device, ["Model: Camera 7"]),
    ],
)
def test_tags_of_pictures_are_found(name: str, write: Callable[[Path], None], said: list[str], tmp_path: Path) -> None:
    path, raw = tmp_path / name, tmp_path / f"raw-{name}"
    cv2.imwrite(str(raw), PICTURE)
    write(path)
    found = tags_left(path, raw)
    assert [each for each in found if not each.startswith(("GPSInfo", "exif"))] == said
    assert f"{said[0]}, as in the raw file" in tags_left(path, path)


def test_a_second_picture_behind_the_first_is_found(tmp_path: Path) -> None:
    path = tmp_path / "two.jpg"
    path.write_bytes(jpeg.encode(PICTURE) + jpeg.encode(PICTURE))
    (found,) = pictures_within(path)
    assert found == f"a JPEG of 64x48 at byte {len(jpeg.encode(PICTURE))}"


@pytest.mark.parametrize("kind", [".png", ".webp", ".jpg"])
def test_a_picture_anywhere_in_a_video_is_found(kind: str, tmp_path: Path) -> None:
    path = film(tmp_path / "video.mp4", [PICTURE] * 3)
    data = cv2.imencode(kind, PICTURE)[1].tobytes()
    with path.open("ab") as file:
        file.write((len(data) + 8).to_bytes(4, "big") + b"uuid" + data)
    (found,) = pictures_within(path)
    assert "of 64x48 at byte" in found
    assert streams_beside(path) == [f"a box uuid of {len(data) + 8} bytes"]


def test_the_frames_of_motion_jpeg_are_the_video_itself(tmp_path: Path) -> None:
    for ending in (".avi", ".mov", ".mkv"):
        path = tmp_path / f"video{ending}"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mjpeg", rate=5)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
            for _ in range(3):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(PICTURE, format="bgr24")))
            container.mux(stream.encode(None))
        assert pictures_within(path) == []


def test_a_cover_picture_is_found(tmp_path: Path) -> None:
    plain, path = film(tmp_path / "plain.mp4", [PICTURE] * 3), tmp_path / "cover.mp4"
    cover = io.BytesIO(jpeg.encode(PICTURE[:24, :32]))
    with av.open(str(plain)) as source, av.open(cover, format="mjpeg") as picture, av.open(str(path), "w") as target:
        streams = [target.add_stream_from_template(each.streams.video[0]) for each in (source, picture)]
        streams[1].disposition = av.stream.Disposition.attached_pic
        for each, stream in zip((source, picture), streams, strict=True):
            for packet in each.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    target.mux(packet)
    assert any(each.startswith("a second video stream of 32x24") for each in streams_beside(path))


def test_a_container_of_nested_boxes_without_end_is_read_no_deeper(tmp_path: Path) -> None:
    path = film(tmp_path / "video.mp4", [PICTURE] * 3)
    with path.open("ab") as file:
        file.write(b"".join((8 * count).to_bytes(4, "big") + b"moov" for count in range(2000, 0, -1)))
    assert streams_beside(path) == []
