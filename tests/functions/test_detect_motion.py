"""What moves is found against the background of its own source."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.scoring import score
from bench.truth import read_frames, read_truth
from functions import Frame
from functions.detect_motion import MotionState, detect_motion

WIDTH, HEIGHT = 400, 300


def a_scene(thing_at: int | None = None) -> Frame:
    """A grey wall with a little noise, and a bright thing 40 wide and 60 high before it."""
    image = np.random.default_rng(1).integers(90, 100, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    if thing_at is not None:
        image[100:160, thing_at : thing_at + 40] = 250
    return Frame.from_image(image)


def test_nothing_moves_in_the_first_frame() -> None:
    assert detect_motion(a_scene(thing_at=100), MotionState()).detections == ()


def test_a_thing_that_comes_is_found_where_it_is() -> None:
    state = MotionState()
    detect_motion(a_scene(), state)
    (found,) = detect_motion(a_scene(thing_at=100), state).detections
    assert found.label == "motion"
    assert found.xyxy == pytest.approx((100, 100, 140, 160), abs=12)
    assert found.confidence > 0.6


def test_a_still_scene_has_no_motion() -> None:
    state = MotionState()
    assert [detect_motion(a_scene(thing_at=100), state).detections for _ in range(5)] == [()] * 5


def test_another_source_is_another_background() -> None:
    wall, street = MotionState(), MotionState()
    detect_motion(a_scene(), wall)
    assert detect_motion(a_scene(thing_at=100), street).detections == ()
    assert len(detect_motion(a_scene(thing_at=100), wall).detections) == 1


def test_a_source_that_changes_its_shape_begins_anew() -> None:
    state = MotionState()
    detect_motion(a_scene(), state)
    square = Frame.from_image(np.full((600, 600, 3), 7, np.uint8))
    assert detect_motion(square, state).detections == ()


@pytest.mark.parametrize("scale", [0.5, 2])
def test_a_source_that_changes_its_size_goes_on_and_boxes_are_of_the_new_size(scale: float) -> None:
    state = MotionState()
    detect_motion(a_scene(), state)
    size_wh = (round(WIDTH * scale), round(HEIGHT * scale))
    other = Frame.from_image(cv2.resize(a_scene(thing_at=100).image, size_wh).astype(np.uint8))
    (found,) = detect_motion(other, state).detections
    assert found.xyxy == pytest.approx([scale * value for value in (100, 100, 140, 160)], abs=14 * scale)


def test_small_motion_may_be_left_out() -> None:
    state = MotionState()
    detect_motion(a_scene(), state)
    assert detect_motion(a_scene(thing_at=100), state, minimum_area=0.2).detections == ()


def test_a_large_picture_is_looked_at_small_and_boxes_fit_the_large_one() -> None:
    def large(frame: Frame) -> Frame:
        return Frame.from_image(cv2.resize(frame.image, (WIDTH * 3, HEIGHT * 3)).astype(np.uint8))

    state = MotionState()
    detect_motion(large(a_scene()), state, height=150)
    (found,) = detect_motion(large(a_scene(thing_at=100)), state, height=150).detections
    assert found.xyxy == pytest.approx((300, 300, 420, 480), abs=40)


def test_walking_people_are_covered(data: Path, clip: Path) -> None:
    every_frame = read_truth(data / "vtest-truth.csv")
    truth = {number: boxes for number, boxes in every_frame.items() if 30 <= number <= 150}
    state, found = MotionState(), {}
    for number, frame in read_frames(clip, {number: boxes for number, boxes in every_frame.items() if number <= 150}):
        found[number] = detect_motion(frame, state).detections
    assert score(truth, found, (768, 576)).coverage >= 0.9
