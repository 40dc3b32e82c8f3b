"""Motion JPEG over HTTP as cameras send it, which is not always as the standard has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from threading import Event

import av
import numpy as np
import pytest

from functions.core import jpeg
from functions.core.jpeg import JpegError
from streams.producer.reconnecting import LiveVideo
from streams.producer.sources import open_source
from streams.video.motion_jpeg import jpegs
from tests.streams.cameras import http_camera, web_folder
from tests.streams.video.filming import as_image, corners, film, images, read

PICTURES = [jpeg.encode(np.full((48, 64, 3), 10 * n, np.uint8)) for n in range(20)]


def _part(
    picture: bytes, kind: str = "Content-Type: image/jpeg", length: int | None = None, end: str = "\r\n"
) -> bytes:
    lines = ["--frame", kind, f"Content-Length: {len(picture) if length is None else length}"]
    return end.join([*filter(None, lines), "", ""]).encode() + picture + end.encode()


def _no_length(picture: bytes) -> bytes:
    return b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + picture + b"\r\n"


SOUND = b"--frame\r\nContent-Type: audio/basic\r\nContent-Length: 2000\r\n\r\n" + bytes(range(200)) * 10 + b"\r\n"
KINDS: dict[str, Callable[[bytes], bytes]] = {
    "plain": _part,
    "no type": lambda picture: _part(picture, ""),
    "jpg": lambda picture: _part(picture, "Content-Type: image/jpg"),
    "pjpeg": lambda picture: _part(picture, "content-type:image/pjpeg"),
    "a type of nothing": lambda picture: _part(picture, "Content-Type: application/octet-stream"),
    "parameters": lambda picture: _part(picture, "Content-Type: image/jpeg;size=4711; name=a"),
    "no length": _no_length,
    "a length too short": lambda picture: _part(picture, length=17),
    "a length too long": lambda picture: _part(picture, length=9_999_999),
    "lines of LF": lambda picture: _part(picture, end="\n"),
    "sound between": lambda picture: SOUND + _part(picture),
    "no boundary at all": lambda picture: picture,
    "dashes in the boundary": lambda picture: b"--" + _part(picture),
    "an empty part between": lambda picture: b"--frame\r\n\r\n\r\n" + _part(picture),
    "padding": lambda picture: _part(picture + bytes(512)),
    "an end of its own": lambda picture: _part(picture) + b"--frame--\r\n",
}
BOUNDARIES = ['"frame"', "--frame", "other"]


@pytest.mark.parametrize(
    ("kind", "boundary"), [*((kind, "frame") for kind in KINDS), *(("plain", each) for each in BOUNDARIES)]
)
def test_every_picture_comes_as_it_was_sent(kind: str, boundary: str) -> None:
    parts = [KINDS[kind](picture) for picture in PICTURES]
    with http_camera(f"multipart/x-mixed-replace; boundary={boundary}", parts) as place:
        assert _first(f"http://{place}/", len(PICTURES)) == PICTURES


@pytest.mark.parametrize("kind", ["image/jpeg", "video/x-motion-jpeg", "application/octet-stream", "text/html"])
def test_whatever_the_answer_calls_itself(kind: str) -> None:
    with http_camera(kind, map(_part, PICTURES)) as place:
        assert _first(f"http://{place}/", 5) == PICTURES[:5]


def test_a_first_part_without_its_boundary_and_one_of_sound_first() -> None:
    for first in (_part(PICTURES[0]).removeprefix(b"--frame\r\n"), 40 * SOUND + _part(PICTURES[0])):
        with http_camera("multipart/x-mixed-replace; boundary=frame", [first, *map(_part, PICTURES[1:])]) as place:
            assert _first(f"http://{place}/", 5) == PICTURES[:5]


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_pictures_are_found_however_their_bytes_come(size: int) -> None:
    data = b"".join(map(_part, PICTURES[:5]))
    chunks = (data[at : at + size] for at in range(0, len(data), size))
    assert list(jpegs(chunks)) == PICTURES[:5]


def test_a_picture_comes_with_its_last_byte_and_not_with_the_next_one() -> None:
    def chunks() -> Iterator[bytes]:
        yield _no_length(PICTURES[0])[:-2]
        pytest.fail("Expected the picture before more is asked for")

    assert next(jpegs(chunks())) == PICTURES[0]


def test_a_picture_that_is_cut_costs_no_other_one() -> None:
    cut = PICTURES[1][: len(PICTURES[1]) // 2]
    noise = b"\xff\xd8\xff\xe0\0\x04xx"
    parts = [_part(PICTURES[0]), _part(cut), _part(PICTURES[2]), noise, *map(_part, PICTURES[3:])]
    found = [picture for picture in jpegs(iter(parts)) if picture in PICTURES]
    assert found == [PICTURES[0], *PICTURES[2:]]


def test_a_thumbnail_is_no_picture_of_its_own() -> None:
    plain = PICTURES[0]
    thumbnail = b"\xff\xe1" + (len(plain) + 2).to_bytes(2, "big") + plain
    assert list(jpegs(iter([_part(plain[:2] + thumbnail + plain[2:])]))) == [plain[:2] + thumbnail + plain[2:]]


def test_pictures_without_an_end_or_without_tables_are_decoded() -> None:
    with http_camera("multipart/x-mixed-replace; boundary=frame", [_part(each[:-2]) for each in PICTURES]) as place:
        moments = open_source(f"http://{place}/", print).moments(Event())
        assert as_image(next(moments).picture()).shape == (48, 64, 3)


def test_data_without_a_picture_in_it_is_no_picture() -> None:
    source = b"\xff\xd8\xff\xe0\0\x04xx\xff\xda\0\x03x" + bytes(100) + b"\xff\xd9"
    with http_camera("image/jpeg", [source] * 3) as place:
        moment = next(open_source(f"http://{place}/", print).moments(Event()))
        with pytest.raises(JpegError):
            moment.picture()


def test_a_camera_is_live_and_a_film_over_http_goes_through_ffmpeg(tmp_path: Path) -> None:
    film(tmp_path / "a.mkv", [corners()] * 4, "libx264")
    with web_folder(tmp_path) as place:
        moments = open_source(f"http://{place}/a.mkv", print).moments(Event())
        assert [read(as_image(moment.picture())) for moment in moments] == ["RGBW"] * 4


@pytest.mark.parametrize("name", ["a.avi", "a.mov", "a.mkv"])
def test_two_fields_of_a_packet_are_one_picture_of_full_height(name: str, tmp_path: Path) -> None:
    image = corners(64, 96)
    fields = b"".join(_field(image[first::2], polarity) for first, polarity in ((0, 1), (1, 2)))
    clip = _packets_in(tmp_path / name, [fields] * 3, (64, 96))

    assert [picture.shape for picture in images(clip)] == [(96, 64, 3)] * 3
    assert {read(picture) for picture in images(clip)} == {"RGBW"}


def _first(url: str, count: int) -> list[bytes]:
    source = open_source(url, print)
    assert isinstance(source, LiveVideo)
    pictures = (moment.picture() for moment in source.moments(Event()))
    return [bytes(picture) for picture, _ in zip(pictures, range(count), strict=False)]  # type: ignore[arg-type]


def _field(image: jpeg.Image, polarity: int) -> bytes:
    """A JPEG as grabbers write it: which of two fields it is stands in front."""
    plain = jpeg.encode(np.ascontiguousarray(image))
    return plain[:2] + b"\xff\xe0\0\x10AVI1" + bytes([polarity]) + bytes(9) + plain[2:]


def _packets_in(path: Path, packets: list[bytes], size_wh: tuple[int, int]) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = *size_wh, "yuvj420p"  # type: ignore[attr-defined]
        stream.codec_context.open()
        for number, data in enumerate(packets):
            packet = av.Packet(data)
            packet.stream, packet.pts, packet.dts, packet.time_base = stream, number, number, Fraction(1, 10)
            packet.is_keyframe = True
            container.mux(packet)
    return path
