"""What a stream shows: pictures of any size in its own, and grey with the camera's name where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from av import VideoFrame

from functions.core import jpeg
from functions.core.frame import Size
from streams.publish.screen import Rhythm, Screen, Shot, size_of_stream

GREY = pytest.approx(128, abs=6)


def _image(frame: VideoFrame) -> np.ndarray:
    image: np.ndarray = frame.to_ndarray(format="bgr24")
    return image


def _shot(size_wh: Size, until: float = 10.0, value: int = 255) -> Shot:
    return Shot(jpeg.encode(np.full((size_wh[1], size_wh[0], 3), value, np.uint8)), 0.0, until)


@pytest.mark.parametrize(
    ("size_wh", "stream_wh"),
    [((640, 480), (640, 480)), ((641, 479), (640, 478)), ((7680, 4320), (3840, 2160)), ((1, 9), (16, 16))],
)
def test_a_stream_has_the_even_size_of_its_first_picture_and_at_most_that_of_4k(size_wh: Size, stream_wh: Size) -> None:
    assert size_of_stream(size_wh) == stream_wh


@pytest.mark.parametrize(("size_wh", "bars"), [((240, 320), "sides"), ((640, 240), "above"), ((640, 480), "")])
def test_a_picture_of_another_size_is_shown_whole_with_grey_and_never_black_around_it(size_wh: Size, bars: str) -> None:
    screen = Screen("cam", (320, 240))
    screen.show(_shot(size_wh))
    image = _image(screen.frame(now=0.0))
    assert image.shape == (240, 320, 3)
    assert image[120, 160].min() > 240
    assert (image[120, 4].mean() == GREY) == (bars == "sides")
    assert (image[4, 160].mean() == GREY) == (bars == "above")
    assert image.min() > 100


def test_a_picture_is_shown_for_its_time_and_then_grey_with_the_camera_and_since_when() -> None:
    screen = Screen("cam", (320, 240))
    nothing_yet = _image(screen.frame(0.0))
    screen.show(_shot((320, 240), until=10.0))
    shown, later = screen.frame(9.9), screen.frame(10.0)
    assert _image(shown).min() > 240
    assert screen.frame(9.9) is not shown  # back in time it would be made anew
    grey = _image(later)
    assert (np.median(grey), np.median(nothing_yet)) == (GREY, GREY)
    assert (grey != nothing_yet).any()  # it says since when


def test_a_picture_that_cannot_be_decoded_is_grey() -> None:
    screen = Screen("cam", (320, 240))
    whole = _shot((320, 240))
    screen.show(Shot(whole.jpeg[: len(whole.jpeg) // 2], 0.0, 10.0))
    assert np.median(_image(screen.frame(0.0))) == GREY


@pytest.mark.parametrize(
    ("arrivals", "shown_s"),
    [
        ([0], 2.0),
        ([0, 0.1, 0.2, 0.3], 2.0),
        ([0, 3, 6, 9], 6.0),  # a camera that sends one picture in three seconds is not away in between
        ([0, 0.1, 0.2, 0.3, 40, 40.1], 2.0),  # nor does one silence count
        ([0, 100, 200], 60.0),
    ],
)
def test_a_picture_is_shown_for_twice_its_cameras_usual_time_and_for_two_seconds_at_least(
    arrivals: list[float], shown_s: float
) -> None:
    rhythm = Rhythm()
    until = [rhythm.until(at) for at in arrivals][-1]
    assert until - arrivals[-1] == pytest.approx(shown_s)
