"""Frames of two films are lined up by what they show: dropped, repeated, shifted, of another rate, covered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from functions.core.jpeg import Image
from streams.files.reader import FrameReader
from streams.verify.alignment import Alignment, Prints, align, print_of
from tests.streams.verify.planted import FPS, film, scene_of


def street(number: int) -> Image:
    """Frame of a street in which a light square walks over a still ground."""
    image = cv2.resize(np.random.default_rng(1).integers(60, 120, (12, 16, 3), np.uint8), (160, 120))
    left = (3 * number) % 140
    image[70:110, left : left + 18] = 230
    return np.asarray(image, np.uint8)


def prints(numbers: Sequence[int], fps: float = 10, cover: slice = slice(0)) -> Prints:
    pictures = [street(number) for number in numbers]
    for picture in pictures:
        picture[:, cover] = 0
    return Prints(np.array([print_of(each) for each in pictures]), np.arange(len(numbers)) / fps)


RAW = list(range(40))


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("the same", RAW),
        ("three dropped", [number for number in RAW if number not in (5, 6, 20)]),
        ("one repeated", sorted([*RAW, 11])),
        ("begins later", RAW[13:]),
        ("every other", RAW[::2]),
    ],
)
def test_frames_are_found_by_what_they_show(what: str, shown: list[int]) -> None:
    found = align(prints(RAW), prints(shown))
    assert found.raw.tolist() == shown
    assert found.same.all()


def test_what_is_covered_does_not_hide_which_frame_it_is() -> None:
    shown = [number for number in RAW if number not in (5, 6, 20)]
    assert align(prints(RAW), prints(shown, cover=slice(100, 160))).raw.tolist() == shown


REAL = list(range(25))


@pytest.mark.parametrize(
    ("quality", "shown", "most_off"),
    [
        (23, REAL, 0),
        (33, REAL, 0),
        (23, [number for number in REAL if number not in (5, 6, 15)], 1),
        (33, [number for number in REAL if number not in (5, 6, 15)], 2),
        (23, REAL[6:], 1),
    ],
)
def test_a_real_film_in_which_everybody_is_hidden(
    quality: int, shown: list[int], most_off: int, data: Path, tmp_path: Path
) -> None:
    scene = scene_of(data)
    redacted = scene.redacted()
    raw = film_prints(film(tmp_path / "raw.mp4", scene.images, quality=18))
    told = film_prints(film(tmp_path / "redacted.mp4", [redacted[number] for number in shown], quality=quality))
    assert np.abs(align(raw, told).raw - np.array(shown)).max() <= most_off


def test_where_pictures_and_stamps_disagree_both_are_told() -> None:
    assert align(prints(RAW), prints(RAW)).other is None
    found = align(prints(RAW), prints(RAW[13:]))
    assert found.raw.tolist() == RAW[13:]
    assert found.other is not None
    assert found.other.tolist() == RAW[:27]


def film_prints(path: Path) -> Prints:
    frames = list(FrameReader(path, print).frames())
    return Prints(np.array([print_of(each.image) for each in frames]), np.arange(len(frames)) / FPS)


def test_another_rate_is_no_other_film() -> None:
    assert align(prints(RAW, fps=10), prints(RAW, fps=25)).raw.tolist() == RAW


def test_black_frames_are_placed_by_their_time_and_show_nothing_else() -> None:
    redacted = prints(RAW)
    redacted.cells[10:15] = 0
    found = align(prints(RAW), redacted)
    assert found.raw.tolist() == RAW
    assert found.same.all()


def test_a_frame_of_another_film_is_told() -> None:
    redacted = prints(RAW)
    redacted.cells[17] = np.random.default_rng(2).integers(0, 255, redacted.cells.shape[1])
    assert np.flatnonzero(~align(prints(RAW), redacted).same).tolist() == [17]


def test_a_long_film_is_lined_up_as_exactly_as_a_short_one() -> None:
    numbers = list(range(1500))
    rng = np.random.default_rng(3)  # a film whose light changes all the time, so that every frame is its own
    cells = np.cumsum(rng.integers(-6, 7, (1500, 64 * 48)), axis=0).clip(-100, 100) + 128
    raw = Prints(cells.astype(np.uint8), np.arange(1500) / 25)
    shown = [number for number in numbers if number % 97 and not 700 <= number < 720]
    redacted = Prints(raw.cells[shown], np.arange(len(shown)) / 25)
    assert align(raw, redacted).raw.tolist() == shown


def test_what_was_dropped_and_repeated_is_counted() -> None:
    found = Alignment(np.array([0, 1, 1, 4]), np.ones(4, bool))
    assert (found.dropped(6), found.repeated) == (3, 1)
