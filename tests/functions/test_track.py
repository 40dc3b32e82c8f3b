"""TrackState: numbers that stay with people who cross, who are lost for a moment, and in frames that are far apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from functions import Detection, Frame
from functions.track import TrackState, track
from tests.streams.walkers import SECOND, Walker, frames

CROSSING = [Walker(0, 200), Walker(0, 230, x=6.4, speed=-1.5)]
ALONE = [Walker(0, 200, speed=0.8)]


def numbers(frames: Iterable[Frame], walkers: list[Walker]) -> list[set[int | None]]:
    """The numbers that each walker's boxes were given."""
    state, given = TrackState(), [set[int | None]() for _ in walkers]
    for frame in frames:
        for found in track(frame, state).detections:
            given[[walker.y for walker in walkers].index(found.xyxy[3])].add(found.track)
    return given


@pytest.mark.parametrize("every_s", [0.04, 0.2, 0.5, 1.0])
def test_two_who_cross_keep_their_numbers_however_rare_frames_are(every_s: float) -> None:
    one, other = numbers(frames(CROSSING, 6, every_s=every_s), CROSSING)
    assert len(one) == len(other) == 1
    assert one != other


@pytest.mark.parametrize(
    ("what", "lost", "tracks"),
    [
        ("a gap of 2 s", lambda frame: 10 <= frame.seq < 20, 1),
        ("a detector that blinks", lambda frame: frame.seq % 3 == 0, 1),
        ("away for longer than the patience", lambda frame: 8 <= frame.seq < 25, 2),
    ],
)
def test_who_was_lost_is_found_again_within_the_patience(what: str, lost: Callable[[Frame], bool], tracks: int) -> None:
    seen = (frame.with_detections([]) if lost(frame) else frame for frame in frames(ALONE, 6))
    (given,) = numbers(seen, ALONE)
    assert len(given) == tracks, what


def test_frames_that_were_never_taken_are_no_gap_of_their_own() -> None:
    """What counts is the time between frames, not their number."""
    (given,) = numbers((frame for frame in frames(ALONE, 6) if frame.seq % 7 != 3), ALONE)
    assert len(given) == 1


def test_who_left_at_the_edge_is_not_the_one_who_comes_in_there() -> None:
    walkers = [Walker(0, 200), Walker(5.5, 210, x=6.0, speed=-1.5)]
    one, other = numbers(frames(walkers, 9), walkers)
    assert one.isdisjoint(other)


def test_an_unsure_detection_goes_on_with_a_track_and_begins_none() -> None:
    def doubtful(frame: Frame) -> Frame:
        stray = Detection("person", 0.2, (500, 400, 530, 480))
        return frame.with_detections([*(replace(found, confidence=0.2) for found in frame.detections), stray])

    state = TrackState()
    given = [track(frame if frame.seq < 5 else doubtful(frame), state).detections for frame in frames(ALONE, 3)]
    assert len({found[0].track for found in given if found}) == 1
    assert {found[1].track for found in given[5:] if len(found) > 1} == {None}


def test_the_same_frames_give_the_same_numbers_and_no_two_runs_share_one() -> None:
    first, again, later = (numbers(frames(CROSSING, 2, run=run), CROSSING) for run in ("aa", "aa", "bb"))
    assert first == again
    assert set.union(*first).isdisjoint(set.union(*later))


def test_a_number_is_one_that_javascript_holds_exactly() -> None:
    assert all(
        number is not None and 0 <= number < 2**53 for number in set.union(*numbers(frames(CROSSING, 2), CROSSING))
    )


def test_labels_that_are_not_followed_keep_no_number() -> None:
    frame = next(frames(ALONE, 1, every_s=0.9))
    at = frame.captured_at + SECOND // 2
    found = [Detection("car", 0.9, (0, 0, 50, 50)), Detection("Person", 0.9, (100, 100, 130, 200))]
    car, person = track(
        replace(frame, captured_at=at).with_detections(found), TrackState(), labels=("person",)
    ).detections
    assert car.track is None
    assert person.track is not None
