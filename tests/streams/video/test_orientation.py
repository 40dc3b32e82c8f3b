"""All eight orientations, of any container or kind of picture: pixels, JPEG and size are upright from there on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from functions.core import registry
from functions.core.frame import Frame
from functions.core.jpeg import Image
from functions.core.orientation import of_matrix
from streams.files.reader import FrameReader
from streams.files.steps import step
from streams.producer.sources import open_source
from streams.video.encoder import Encoder
from streams.video.pictures import read_picture
from tests.streams.video import filming
from tests.streams.video.filming import MATRICES, as_image, corners, film, images, read, stored, with_matrix

ALL = sorted(MATRICES)
XMP = b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="%d"/>'
PICTURES: dict[str, Callable[[Image, int], bytes]] = {
    "a.jpg": filming.jpeg_with_exif,
    "a.png": filming.png_with_exif,
    "late.png": lambda image, orientation: filming.png_with_exif(image, orientation, b"IEND"),
    "a.tif": filming.tiff_with_orientation,
    "a.webp": lambda image, orientation: filming.webp_with(image, b"EXIF", filming.tiff(orientation)),
    "prefixed.webp": lambda image, orientation: filming.webp_with(
        image, b"EXIF", b"Exif\0\0" + filming.tiff(orientation)
    ),
    "xmp.webp": lambda image, orientation: filming.webp_with(image, b"XMP ", XMP % orientation),
}


@pytest.mark.parametrize("orientation", ALL)
@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.mov", "mpeg4"), ("motion.mov", "mjpeg")])
def test_a_video_is_shown_as_its_matrix_says(name: str, codec: str, orientation: int, tmp_path: Path) -> None:
    clip = film(tmp_path / name, [stored(corners(), orientation)] * 3, codec)
    with_matrix(clip, *MATRICES[orientation])

    assert [read(image) for image in images(clip)] == ["RGBW"] * 3
    assert {image.shape for image in images(clip)} == {(48, 64, 3)}
    assert [read(frame.image) for frame in FrameReader(clip, print).frames()] == ["RGBW"] * 3
    for moment in open_source(str(clip), print).moments(None):  # type: ignore[arg-type]
        jpeg, size_wh = Encoder(85, None, 1_000_000, print).encode(moment.picture())
        assert (size_wh, read(as_image(jpeg))) == ((64, 48), "RGBW")


@pytest.mark.parametrize("orientation", ALL)
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_shown_as_its_exif_says(name: str, orientation: int, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(PICTURES[name](stored(corners(), orientation), orientation))

    assert read(as_image(read_picture(file))) == "RGBW"
    (frame,) = FrameReader(file, print).frames()
    assert (frame.size_wh, read(frame.image)) == ((64, 48), "RGBW")
    jpeg, size_wh = Encoder(85, (32, 32), 1_000_000, print).encode(read_picture(file))
    assert (size_wh, read(as_image(jpeg))) == ((32, 24), "RGBW")


@pytest.mark.parametrize("orientation", ALL)
def test_motion_jpeg_with_exif_in_any_container_is_obeyed(orientation: int, tmp_path: Path) -> None:
    clip = tmp_path / "a.mjpeg"
    clip.write_bytes(filming.jpeg_with_exif(stored(corners(), orientation), orientation) * 3)
    for name in ("a.avi", "a.mov", "a.mkv"):
        _remuxed(clip, tmp_path / name)
        assert [read(image) for image in images(tmp_path / name)] == ["RGBW"] * 3


def test_motion_jpeg_with_exif_is_turned_once_where_its_container_says_the_same(tmp_path: Path) -> None:
    clip = tmp_path / "a.mjpeg"
    clip.write_bytes(filming.jpeg_with_exif(stored(corners(), 6), 6) * 2)
    _remuxed(clip, tmp_path / "a.mov")
    with_matrix(tmp_path / "a.mov", *MATRICES[6])

    assert [read(image) for image in images(tmp_path / "a.mov")] == ["RGBW"] * 2


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_matroska_that_is_rolled_is_upright(orientation: int, tmp_path: Path) -> None:
    clip = film(tmp_path / "a.mp4", [stored(corners(), orientation)] * 3)
    with_matrix(clip, *MATRICES[orientation])
    _remuxed(clip, tmp_path / "a.mkv", {3: 180.0, 6: -90.0, 8: 90.0}[orientation])

    assert [read(image) for image in images(tmp_path / "a.mkv")] == ["RGBW"] * 3


@pytest.mark.parametrize("degrees", [-0.3, 0.1, 44.0, -44.0])
@pytest.mark.parametrize("orientation", ALL)
def test_any_other_matrix_is_the_nearest_quarter_turn(orientation: int, degrees: float) -> None:
    a, b, c, d = MATRICES[orientation]
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turned = np.array([[a, b], [c, d]]) @ [[cos, sin], [-sin, cos]] * 65536
    matrix = np.array([*turned[0], 0, *turned[1], 0, 0, 0, 1 << 30], np.int32)

    assert of_matrix(matrix.tobytes()) == orientation


@pytest.mark.parametrize("matrix", [(0.0017, -1, 1, 0.0017), (0, -2, 1, 0), (-0.0017, -1, 1, -0.0017)])
def test_a_turn_of_not_quite_a_quarter_swaps_the_sides_and_turns(
    matrix: tuple[float, float, float, float], tmp_path: Path
) -> None:
    clip = with_matrix(film(tmp_path / "a.mp4", [stored(corners(), 8)] * 2, "libx264"), *matrix)
    assert [read(image) for image in images(clip)] == ["RGBW"] * 2


def test_a_matrix_of_nothing_leaves_the_picture_as_it_is(tmp_path: Path) -> None:
    clip = with_matrix(film(tmp_path / "a.mp4", [corners()] * 2), 0, 0, 0, 0)
    assert [read(image) for image in images(clip)] == ["RGBW"] * 2


def test_an_mkv_cover_or_a_colour_profile_does_not_hide_the_matrix(tmp_path: Path) -> None:
    """PyAV 18 knows nothing of the newer kinds of side data, and then shows none: EXIF beside a matrix is one."""
    picture = tmp_path / "a.png"
    picture.write_bytes(filming.png_with_exif(stored(corners(), 7), 7))
    clip = _remuxed(picture, tmp_path / "a.mov")

    assert read(images(clip)[0]) == "RGBW"


@pytest.fixture(scope="module")
def person(data: Path) -> Image:
    """A picture with a person, 768x432."""
    video = cv2.VideoCapture(str(data / "one-by-one-person-detection.mp4"))
    video.set(cv2.CAP_PROP_POS_FRAMES, 140)
    return np.asarray(video.read()[1], np.uint8)


@pytest.fixture(scope="module")
def covered_upright(person: Image, tmp_path_factory: pytest.TempPathFactory) -> float:
    """The share that is covered of the picture as it is."""
    share = _covered(film(tmp_path_factory.mktemp("upright") / "a.mp4", [person], "libx264"))
    assert share > 0.05
    return share


@pytest.mark.parametrize("orientation", ALL)
def test_a_person_who_stands_still_is_covered_in_each(
    orientation: int, person: Image, covered_upright: float, tmp_path: Path
) -> None:
    pixels = stored(person, orientation)
    clips = [
        with_matrix(film(tmp_path / name, [pixels], codec), *MATRICES[orientation])
        for name, codec in (("a.mp4", "libx264"), ("a.mov", "mpeg4"), ("motion.mov", "mjpeg"))
    ]
    (tmp_path / "a.png").write_bytes(filming.png_with_exif(pixels, orientation))

    for file in (*clips, tmp_path / "a.png"):
        assert _covered(file) == pytest.approx(covered_upright, abs=0.02), file.name


def _covered(file: Path) -> float:
    """The share that a redactor covers of the file's last frame, without motion as a second witness."""
    known = registry.load()
    steps = [step(known["detect_people"], known["detect_people"].validate({}))]
    steps.append(step(known["redact"], known["redact"].validate({"motion": False, "look_ahead_s": 0.0})))
    frames: Iterable[Frame] = FrameReader(file, print).frames()
    for each in steps:
        frames = each(frames)
    *_, last = frames
    assert last.redaction is not None
    return last.redaction.covered


def test_opencv_agrees(tmp_path: Path) -> None:
    """Where OpenCV obeys at all: it knows the turns, not the mirrors, of a video."""
    for orientation in (3, 6, 8):
        clip = with_matrix(film(tmp_path / "a.mp4", [stored(corners(), orientation)] * 2), *MATRICES[orientation])
        assert read(np.asarray(cv2.VideoCapture(str(clip)).read()[1], np.uint8)) == "RGBW"


def _remuxed(path: Path, to: Path, rotation: float | None = None) -> Path:
    """The same packets in another container."""
    with av.open(str(path)) as source, av.open(str(to), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        if rotation is not None:
            copy.set_display_rotation(rotation)
        for number, packet in enumerate(source.demux(stream)):
            if packet.size:
                packet.stream = copy
                packet.pts = packet.dts = number
                packet.time_base = stream.time_base if stream.time_base.denominator < 100 else packet.time_base
                target.mux(packet)
    return to
