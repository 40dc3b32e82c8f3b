"""A camera whose picture changes its size or shape: what is remembered covers what it covered, or everything is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from functions import Detection, Frame
from functions.core.frame import Size
from functions.redact import Memory, redact
from functions.redaction.shape import ANOTHER_SHAPE, NOT_AS_DRAWN
from functions.redaction.zones import zone
from functions.track import TrackState, track
from tests.functions.hops import looked_at

WIDE, SMALL, ROUNDED, TALL = (640, 360), (320, 180), (427, 240), (480, 360)
TENTH = 100_000


def at(tenths: int, size_wh: Size, found: bool = False, source: str = "cam") -> Frame:
    """A frame with a face from the middle on, a fifth of the picture wide and high, detected or not."""
    width, height = size_wh
    frame = looked_at(Frame.from_image(np.full((height, width, 3), 200, np.uint8), source))
    box = (width / 2, height / 2, width * 0.7, height * 0.7)
    frame = replace(frame, captured_at=tenths * TENTH, seq=tenths, id=f"0123456789ab-{tenths}")
    return frame.with_detections([Detection("person", 0.9, box)] if found else [])


def hidden(frame: Frame) -> np.ndarray:
    return (frame.image == 0).all(axis=2)


def face_is_hidden(frame: Frame) -> bool:
    width, height = frame.size_wh
    return bool(hidden(frame)[height // 2 : int(height * 0.7), width // 2 : int(width * 0.7)].all())


def shown(frame: Frame, state: Memory, ahead: tuple[Frame, ...] = (), **options: object) -> Frame:
    return redact(frame, state, ahead, **{"motion": False, "padding": 0, **options})  # type: ignore[arg-type]


@pytest.mark.parametrize("size_wh", [SMALL, ROUNDED, (1280, 720)])
def test_a_held_box_is_where_it_was_in_a_picture_of_another_size(size_wh: Size) -> None:
    state = Memory()
    shown(at(0, WIDE, found=True), state)
    for tenths, wh in ((1, size_wh), (2, WIDE), (3, size_wh)):
        frame = shown(at(tenths, wh), state)
        assert face_is_hidden(frame)
        assert hidden(frame).mean() < 0.1
        assert frame.redaction is not None
        assert frame.redaction.doubt is None


def test_a_lost_box_that_moved_is_expected_at_its_speed_in_the_new_size() -> None:
    state = Memory()
    boxes = {0: (0, 0, 64, 72), 1: (32, 0, 96, 72)}
    for tenths, box in boxes.items():
        shown(at(tenths, WIDE).with_detections([Detection("person", 0.9, box)]), state)
    assert hidden(shown(at(2, SMALL), state))[:36, 32:64].all()


def test_a_box_ahead_is_where_it_will_be_in_this_picture_s_size() -> None:
    frame = shown(at(0, WIDE), Memory(), (at(1, SMALL, found=True),))
    assert face_is_hidden(frame)
    assert hidden(frame).mean() < 0.1


def test_another_shape_is_a_doubt_for_five_frames_and_as_long_as_boxes_are_held() -> None:
    state = Memory()
    shown(at(0, WIDE), state)
    doubts = [shown(at(tenths, TALL), state, hold_s=0.3).redaction for tenths in range(1, 8)]
    assert [done and done.doubt for done in doubts] == [ANOTHER_SHAPE] * 5 + [None] * 2
    doubts = [shown(at(8 + tenths, WIDE), state, hold_s=0.8).redaction for tenths in range(10)]
    assert [done and done.doubt for done in doubts] == [ANOTHER_SHAPE] * 8 + [None] * 2
    assert [done and done.covered for done in doubts] == [1.0] * 8 + [0.0] * 2


def test_a_shape_that_is_about_to_change_is_a_doubt_since_what_is_ahead_is_elsewhere() -> None:
    done = shown(at(0, WIDE), Memory(), (at(1, TALL, found=True),)).redaction
    assert done is not None
    assert (done.doubt, done.covered) == (ANOTHER_SHAPE, 1.0)


COVER = "cover 0.5,0.5 1,0.5 1,1 0.5,1"


@pytest.mark.parametrize("size_wh", [SMALL, ROUNDED, (1280, 720)])
def test_a_zone_covers_the_same_part_of_a_picture_of_another_size(size_wh: Size) -> None:
    state = Memory()
    for tenths, (width, height) in enumerate((WIDE, size_wh)):
        covered = hidden(shown(at(tenths, (width, height), source="till"), state, zones=(f"till: {COVER}",)))
        assert covered[round(height / 2) :, round(width / 2) :].all()
        assert covered.mean() == pytest.approx(0.25, abs=0.01)


def test_with_zones_all_is_covered_until_the_shape_is_the_old_one_or_they_are_drawn_anew() -> None:
    state, zones = Memory(), (zone("yard", "ignore", [(0, 0), (1, 0), (1, 1)]),)

    def doubt(tenths: int, size_wh: Size) -> str | None:
        done = shown(at(tenths, size_wh, source="yard"), state, zones=zones).redaction
        assert done is not None
        assert (done.covered == 1.0) == (done.doubt is not None)
        return done.doubt

    assert doubt(0, WIDE) is None
    assert {doubt(tenths, TALL) for tenths in range(1, 30)} == {ANOTHER_SHAPE, NOT_AS_DRAWN}
    assert doubt(30, TALL) == NOT_AS_DRAWN
    state = Memory()  # as after an error, or for another run of the producer
    assert doubt(31, TALL) == NOT_AS_DRAWN
    assert {doubt(tenths, SMALL) for tenths in range(32, 37)} == {ANOTHER_SHAPE}
    assert doubt(37, SMALL) is None
    zones = (zone("yard", "ignore", [(0, 0), (1, 0), (0, 1)]),)
    assert [doubt(tenths, TALL) for tenths in range(38, 44)] == [ANOTHER_SHAPE] * 5 + [None]


def test_zones_of_another_source_do_not_doubt_this_one() -> None:
    state, zones = Memory(), (f"gate: {COVER}",)
    shown(at(0, WIDE), state, zones=zones)
    done = [shown(at(tenths, TALL), state, zones=zones).redaction for tenths in range(1, 8)]
    assert done[-1] is not None
    assert done[-1].doubt is None


def test_a_track_goes_on_in_a_picture_of_another_size() -> None:
    state = TrackState()
    numbers = []
    for tenths, size_wh in enumerate([WIDE, WIDE, WIDE, SMALL, SMALL, ROUNDED, WIDE]):
        (found,) = track(at(tenths, size_wh, found=True), state).detections
        numbers.append(found.track)
        assert found.xyxy[0] == size_wh[0] / 2
    assert len(set(numbers)) == 1
    assert None not in numbers
