"""Visits of one camera: told from frames alone, by numbers that fit into a row of a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

import msgspec
import pytest

from functions import Detection, Frame
from functions.counting.per_camera import Camera, Options, count
from functions.counting.visits import MINUTE, Visit, ground
from tests.streams.walkers import SECOND, Walker, frames, homography

PEOPLE = [Walker(0, 200), Walker(2, 230, x=6.4, speed=-1.5), Walker(6, 300)]


def counted(frames: Iterable[Frame], restart_at: int = -1) -> list[Visit]:
    """What is told of all frames, each run a camera; at each frame of that number it goes through its bytes."""
    cameras: dict[str, Camera] = defaultdict(Camera)
    told = []
    for frame in frames:
        if restart_at >= 0 and frame.seq % restart_at == 0:
            cameras[frame.run] = msgspec.msgpack.decode(msgspec.msgpack.encode(cameras[frame.run]), type=Camera)
        cameras[frame.run], news = count(cameras[frame.run], frame, Options(), homography("left"))
        told += news
    return told


def people(told: Iterable[Visit]) -> int:
    return len({visit.id for visit in told})


@pytest.mark.parametrize("every_s", [0.1, 0.4, 1.0])
def test_everybody_counts_once_however_rare_frames_are(every_s: float) -> None:
    assert people(counted(frames(PEOPLE, 12, every_s=every_s))) == 3


def test_a_camera_that_goes_through_its_bytes_tells_the_very_same() -> None:
    assert (
        counted(frames(PEOPLE, 12), restart_at=1)
        == counted(frames(PEOPLE, 12), restart_at=7)
        == counted(frames(PEOPLE, 12))
    )


def test_frames_that_come_again_tell_nothing_and_change_nothing() -> None:
    run = list(frames(PEOPLE, 12))
    repeated = [each for at, frame in enumerate(run) for each in (frame, *run[max(0, at - 5) : at + 1])]
    assert counted(repeated) == counted(run)
    later = list(frames(PEOPLE, 12, run="bbbbbbbbbbbb"))
    assert counted([*run, *(replace(each, captured_at=each.captured_at + MINUTE) for each in later), *run, *later]) == (
        counted([*run, *(replace(each, captured_at=each.captured_at + MINUTE) for each in later)])
    )


def test_a_camera_that_stops_for_an_hour_goes_on() -> None:
    later = (replace(each, captured_at=each.captured_at + 60 * MINUTE) for each in frames(PEOPLE, 12, run="bb"))
    told = counted([*frames(PEOPLE, 12), *later])
    assert people(told) == 6
    assert max(visit.last_at - visit.first_at for visit in told) < 10 * SECOND


def test_what_is_left_to_tell_is_what_was_not_told_yet() -> None:
    camera, told = Camera(), list[Visit]()
    for frame in frames([Walker(0, 200)], 4):
        camera, news = count(camera, frame, Options())
        told += news

    (last,) = camera.unpublished
    assert last.id == told[-1].id
    assert told[-1].last_at < last.last_at == frame.captured_at


def test_who_is_seen_once_or_never_surely_is_no_visitor() -> None:
    def seen(confidence: float, every: int) -> list[Visit]:
        return counted(
            frame.with_detections(
                replace(each, confidence=confidence) for each in frame.detections if frame.seq % every == 0
            )
            for frame in frames(PEOPLE[:1], 6)
        )

    assert people(seen(0.5, every=1)) == 1
    assert seen(0.35, every=1) == []
    assert seen(1.0, every=1000) == []


def test_a_visit_goes_on_over_the_turn_of_a_minute_with_one_path_a_minute() -> None:
    slow = [Walker(55, 200, speed=0.5)]
    told = counted(frames(slow, 66))
    assert people(told) == 1
    minutes: Mapping[int, Visit] = {visit.minute: visit for visit in told}
    first, second = minutes.values()
    assert first.path[-1][0] < MINUTE * second.minute <= second.path[0][0]
    assert len(first.path) == pytest.approx(10, abs=2)


def test_feet_on_the_ground_and_none_above_the_horizon() -> None:
    horizon = (640.0, 0.0, -320.0), (0.0, 0.0, 500.0), (0.0, 480.0, -100.0)
    assert ground(horizon, (300, 100, 340, 200), (640, 480)) == (0.0, 5.0)
    turned = tuple(tuple(-value for value in row) for row in horizon)
    assert ground(turned, (300, 100, 340, 200), (640, 480)) == (0.0, 5.0)  # type: ignore[arg-type]
    assert ground(horizon, (300, 10, 340, 90), (640, 480)) is None
    assert ground(horizon, (300, 300, 340, 480), (640, 480)) is None  # feet below the picture


def test_of_who_is_cut_by_an_edge_the_rest_is_beyond_it() -> None:
    flat = (640.0, 0.0, 0.0), (0.0, 480.0, 0.0), (0.0, 0.0, 1.0)
    assert ground(flat, (0, 100, 5, 200), (640, 480)) == (5 - 35 / 2, 200)
    assert ground(flat, (635, 100, 640, 200), (640, 480)) == (635 + 35 / 2, 200)


def test_a_car_is_no_visitor() -> None:
    cars = (frame.with_detections([Detection("car", 1.0, (10, 10, 90, 60))]) for frame in frames([], 5))
    assert counted(cars) == []
