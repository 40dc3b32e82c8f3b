"""Redaction that does not blink: what was there a moment ago, what will be there in a moment, and what moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest

from functions import Detection, Frame
from functions.motion.background import LEARNING, STARTING, UPSET
from functions.redact import Memory, redact
from tests.functions.hops import looked_at

TENTH = 100_000  # microseconds
STREET = cv2.resize(np.random.default_rng(1).integers(40, 200, (18, 24, 3), np.uint8), (384, 288))


def at(tenths: float, *boxes: tuple[int, int, int, int], image: np.ndarray = STREET) -> Frame:
    """The street so many tenths of a second after the start, with people found in these places."""
    found = [Detection("person", 0.9, box) for box in boxes]
    frame = replace(Frame.from_image(image), seq=int(tenths), captured_at=int(tenths * TENTH))
    return looked_at(frame.with_detections(found))


def hidden(frame: Frame) -> np.ndarray:
    return (frame.image == 0).all(axis=2)


def shown_still(memory: Memory, frame: Frame, *ahead: Frame, **options: object) -> np.ndarray:
    """What is covered of the frame by its boxes alone."""
    return hidden(redact(frame, memory, ahead, **{"motion": False, "padding": 0, **options}))  # type: ignore[arg-type]


def test_a_box_stays_for_a_time_after_its_detection_vanished() -> None:
    memory = Memory()
    shown_still(memory, at(0, (50, 50, 90, 150)))
    for tenths in (1, 2, 3):
        assert shown_still(memory, at(tenths))[50:150, 50:90].all()
    assert not shown_still(memory, at(4)).any()


def test_a_box_that_vanished_moves_on_as_fast_as_it_did() -> None:
    memory = Memory()
    shown_still(memory, at(0, (50, 50, 90, 150)))
    shown_still(memory, at(1, (60, 50, 100, 150)))
    covered = shown_still(memory, at(2))
    assert covered[50:150, 70:110].all()
    assert not covered[:, 111:].any()


def test_a_box_follows_its_track_however_far_it_went() -> None:
    memory = Memory()
    for tenths, left in ((0, 50), (1, 110)):
        frame = at(tenths, (left, 50, left + 40, 150))
        shown_still(memory, replace(frame, detections=tuple(replace(each, track=7) for each in frame.detections)))
    assert shown_still(memory, at(2))[50:150, 170:210].all()


def test_a_box_found_later_covers_the_frames_before_it() -> None:
    assert shown_still(Memory(), at(0), at(1), at(2, (50, 50, 90, 150)))[50:150, 50:90].all()


def test_between_two_detections_a_box_is_where_the_person_is_by_then_and_not_on_the_whole_way() -> None:
    memory = Memory()
    before = [at(tenths, (40 + 20 * tenths, 50, 80 + 20 * tenths, 150)) for tenths in range(3)]
    blink, after = at(3), [at(4, (120, 50, 160, 150))]
    for each in before:
        shown_still(memory, each)
    covered = shown_still(memory, blink, *after)
    assert covered[50:150, 100:140].all()
    assert not covered[:, :95].any()
    assert not covered[:, 145:].any()


def test_a_sure_box_that_no_track_explains_stays_where_it_was() -> None:
    memory = Memory()
    shown_still(memory, at(0, (50, 50, 90, 150)))
    covered = shown_still(memory, at(1, (250, 50, 290, 150)), at(2, (130, 160, 170, 260)))
    assert covered[50:150, 50:90].all()
    assert covered[50:150, 250:290].all()
    assert covered[160:260, 130:170].all()


def test_two_people_who_cross_are_both_covered_in_every_frame() -> None:
    memory = Memory()
    for tenths in range(12):
        left, right = 50 + 15 * tenths, 220 - 15 * tenths
        people = ((left, 50, left + 40, 150), (right, 60, right + 40, 160))
        missed = at(tenths, *people) if tenths % 3 else at(tenths)
        after = at(tenths + 1, *((a + way, b, c + way, d) for way, (a, b, c, d) in zip((15, -15), people, strict=True)))
        covered = shown_still(memory, missed, after)
        if tenths:
            assert covered[50:150, left : left + 40].mean() > 0.9
            assert covered[60:160, right : right + 40].mean() > 0.9


def test_who_was_found_unsurely_once_is_covered_in_that_frame() -> None:
    memory, unsure = Memory(), [Detection("person", 0.15, (50, 50, 90, 150))]
    shown_still(memory, at(0)), shown_still(memory, at(1))
    assert shown_still(memory, looked_at(at(2).with_detections(unsure)))[50:150, 50:90].all()
    assert not shown_still(memory, at(3)).any()


def test_who_is_found_unsurely_in_most_frames_is_held_as_anybody_is() -> None:
    memory, unsure = Memory(), [Detection("person", 0.15, (50, 50, 90, 150))]
    for tenths in range(4):
        shown_still(memory, looked_at(at(tenths).with_detections(unsure)))
    assert shown_still(memory, at(4))[50:150, 50:90].all()


def test_who_was_once_found_surely_is_held_by_the_unsure_boxes_of_the_track() -> None:
    memory = Memory()
    shown_still(memory, at(0, (50, 50, 90, 150)))
    for tenths in range(1, 5):
        unsure = [Detection("person", 0.15, (50, 50, 90, 150))] if tenths == 3 else []
        shown_still(memory, looked_at(at(tenths).with_detections(unsure)))
    for tenths in (5, 6):
        assert shown_still(memory, at(tenths))[50:150, 50:90].all()


def test_after_a_gap_nothing_old_is_held() -> None:
    memory = Memory()
    shown_still(memory, at(0, (50, 50, 90, 150)))
    assert not shown_still(memory, at(100)).any()


def test_a_clock_that_stands_still_does_not_fill_the_memory() -> None:
    memory = Memory()
    for seq in range(300):
        shown_still(memory, replace(at(0, (50, 50, 90, 150), (seq, 10, seq + 4, 20)), seq=seq))
    assert sum(len(each.boxes) for each in memory.persistence.tracklets) <= 400
    assert max(len(each.boxes) for each in memory.persistence.tracklets) == 100


def walk(memory: Memory, frames: int, start: int = 0) -> Iterator[tuple[int, Frame]]:
    """Somebody whom no detector finds walks through the street: where they are, and what is shown."""
    for tenths in range(start, start + frames):
        left = 20 + 6 * (tenths % 50)
        image = STREET.copy()
        cv2.rectangle(image, (left, 100), (left + 24, 180), (0, 0, 255), -1)
        yield left, redact(at(tenths, image=image), memory, ())


def test_whoever_moves_is_covered_though_no_detector_finds_them() -> None:
    for tenths, (left, frame) in enumerate(walk(Memory(), 40)):
        assert hidden(frame)[100:180, left : left + 24].mean() > 0.95
        if tenths >= 2 * LEARNING:
            assert hidden(frame).mean() < 0.2


def test_a_fresh_memory_covers_everything_until_it_knows_the_background_and_says_so() -> None:
    done = [frame.redaction for _, frame in walk(Memory(), LEARNING + 1)]
    assert [each.doubt for each in done if each] == [STARTING] * LEARNING + [None]
    assert [each.covered == 1 for each in done if each] == [True] * LEARNING + [False]


UPSETS = {
    "another view": np.roll(STREET, 120, axis=1),
    "lights on": np.clip(STREET.astype(int) + 60, 0, 255).astype(np.uint8),
    "another shape": cv2.resize(STREET, (200, 200)),
}


@pytest.mark.parametrize("how", UPSETS)
def test_when_the_camera_moves_or_the_light_changes_everything_is_covered_for_a_moment(how: str) -> None:
    memory = Memory()
    list(walk(memory, 20))
    shown = [redact(at(20 + tenths, image=UPSETS[how]), memory, ()) for tenths in range(LEARNING + 2)]
    assert [hidden(frame).all() for frame in shown[:LEARNING]] == [True] * LEARNING
    assert not hidden(shown[-1]).any()
    done = shown[0].redaction
    assert done is not None
    assert done.doubt == (STARTING if how == "another shape" else UPSET)
