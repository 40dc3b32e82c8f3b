"""Frames are drawn at random or for doubt, and held for minutes; the people in them are followed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from random import Random

import pytest

from functions import Detection, Frame
from functions.core.frame import Redaction
from streams.wire.records import from_frame
from tests.web.frames_of_chain import REDACTED, SOURCE, Camera
from web.check.people import Follower
from web.check.sampler import DOUBTS_AT_MOST, HOLD_S, RANDOM_AT_MOST, ByTime, Planned, Sample, Sampler
from web.live.pairing import LiveFrame, Pair

DONE = Redaction(("person",), "solid", 0.1)


def at(x: float, confidence: float = 0.9, label: str = "person", track: int | None = None) -> Detection:
    """Somebody of 40x120 pixels, so far from the left."""
    return Detection(label, confidence, (x, 60, x + 40, 180), track)


def waiting(sampler: Sampler, now: float) -> Iterator[Sample]:
    """All that waits, in the order in which it is shown."""
    while sample := sampler.next(now):
        yield sample


def held(sampler: Sampler) -> list[Sample]:
    """All that it holds."""
    return [*sampler._random, *sampler._doubts, *((sampler._best.sample,) if sampler._best else ())]


@cache
def plain(run: str) -> Frame:
    return Camera("", "door", run).frame(0)


def frame(seq: int, found: Iterable[Detection] = (), done: Redaction = DONE, run: str = "a" * 12) -> Frame:
    """One redacted frame of ten a second."""
    told = {"id": f"{run}-{seq}", "seq": seq, "captured_at": 1_000_000_000 + seq * 100_000, "redaction": done}
    return replace(plain(run).with_detections(found), **told)


def pair(seq: int, now: float, found: Iterable[Detection] = (), done: Redaction = DONE) -> Pair:
    record = from_frame(frame(seq, found, done))
    return Pair(LiveFrame(SOURCE, record, now), LiveFrame(REDACTED, record, now), seq)


def seq_of(sample: Sample) -> int:
    assert sample.pair.right
    return sample.pair.right.record.seq


def test_each_moment_has_the_same_chance_whatever_its_frame_shows() -> None:
    drawn = []
    for seed in range(30):
        sampler = Sampler(ByTime(Random(seed)))
        for seq in range(100):
            sampler.take(pair(seq, seq / 10, [at(20), at(90)] if seq < 50 else []))
            drawn += [seq_of(each) for each in waiting(sampler, 0.0) if each.chosen == "random"]
    first = sum(seq < 50 for seq in drawn)
    # 1 - exp(-0.1 / 0.5) of 3,000: 544, of which each half has one half, within four standard deviations.
    assert 460 < len(drawn) < 630
    assert abs(first - len(drawn) / 2) < 4 * (len(drawn) / 4) ** 0.5


def test_who_marks_slowly_gets_frames_that_lie_farther_apart() -> None:
    sampler = Sampler(ByTime(Random(1)))
    for seq in range(400):
        sampler.take(pair(seq, seq / 10))
    times = [seq_of(each) / 10 for each in held(sampler)]
    assert len(times) == RANDOM_AT_MOST
    assert times[-1] - times[0] > 2


def test_none_is_held_longer_than_five_minutes_nor_more_than_few() -> None:
    assert HOLD_S == 300
    sampler = Sampler(ByTime(Random(1)))
    for seq in range(400):
        sampler.take(pair(seq, float(seq), [at(20, 0.2)]))
    assert len(held(sampler)) <= RANDOM_AT_MOST + DOUBTS_AT_MOST + 1
    newest = max(each.drawn_at for each in held(sampler))
    sampler.drop_old(newest + HOLD_S - 0.001)
    assert held(sampler) != []
    assert sampler.next(newest + HOLD_S) is None
    assert held(sampler) == []


@pytest.mark.parametrize(
    ("frames", "seq", "why"),
    [
        (lambda seq: ([at(20, 0.15 if seq == 31 else 0.9)], DONE), 31, "somebody is found with a confidence of 0.15"),
        (lambda seq: ([at(160)] if seq < 32 else [], DONE), 32, "somebody found before is not found any more"),
        (lambda seq: ([], replace(DONE, doubt="the camera moves" if seq == 33 else None)), 33, "the camera moves"),
    ],
)
def test_of_ten_seconds_the_frame_most_in_doubt_is_chosen_with_the_reason(frames: object, seq: int, why: str) -> None:
    sampler = Sampler(never)
    for number in range(101):
        found, done = frames(number)  # type: ignore[operator]
        sampler.take(pair(number, number / 10, found, done))
    sample = sampler.next(11.0)
    assert sample
    assert (seq_of(sample), sample.chosen, sample.why) == (seq, "doubt", why)
    assert sampler.next(11.0) is None


def test_a_frame_that_is_wholly_covered_is_not_chosen_for_doubt() -> None:
    sampler = Sampler(never)
    for seq in range(150):
        sampler.take(pair(seq, seq / 10, [at(20, 0.1)], Redaction(("person",), "solid", 1.0, "no detector")))
    assert held(sampler) == []


@pytest.mark.parametrize(("total", "drawn"), [(1_000, range(30, 31)), (12, range(11, 12)), (None, range(5, 45))])
def test_of_a_file_so_many_frames_are_drawn_from_all_of_it(total: int | None, drawn: range) -> None:
    draws = Planned(Random(5), 30, total)
    chosen = [seq for seq in range(total or 1_000) if draws(seq, 0.04, 0)]
    assert len(chosen) in drawn
    assert chosen[0] < 200
    assert chosen[-1] > (total or 1_000) - 200


def test_after_two_at_random_comes_one_in_doubt() -> None:
    sampler = Sampler(ByTime(Random(3)))
    for seq in range(400):
        sampler.take(pair(seq, seq / 10, [at(20, 0.2)]))
    chosen = [each.chosen for each in waiting(sampler, 40.0)]
    assert chosen[:6] == ["random", "random", "doubt", "random", "random", "doubt"]


def never(seq: int, passed_s: float, waiting: int) -> bool:
    return False


def keys(follower: Follower, seq: int, found: Sequence[Detection], **more: object) -> list[str | None]:
    seen = follower.see(frame(seq, found, **more))  # type: ignore[arg-type]
    assert seen
    return [person.key if person.counts else None for person in seen.people]


def test_somebody_keeps_their_key_from_frame_to_frame_and_counts_once_a_few_agree() -> None:
    follower = Follower()
    first, second, third, last = (keys(follower, seq, [at(20 + 4 * seq)])[0] for seq in (0, 1, 2, 9))
    assert (first, second) == (None, None)
    assert third is not None
    assert third == last


def test_somebody_of_whom_the_detector_is_not_sure_does_not_count_however_often_they_are_found() -> None:
    follower = Follower()
    assert {keys(follower, seq, [at(20, 0.6)])[0] for seq in range(30)} == {None}


def test_a_track_of_the_chain_goes_before_one_of_the_viewer() -> None:
    follower = Follower()
    assert keys(follower, 0, [at(20, track=7)]) == ["a" * 12 + " 7"]
    assert keys(follower, 1, [at(200, track=7)]) == ["a" * 12 + " 7"]


def test_people_of_another_run_are_others_and_a_repeat_is_nobody() -> None:
    follower = Follower()
    old = [keys(follower, seq, [at(20)]) for seq in range(3)][-1]
    assert follower.see(frame(2, [at(20)])) is None
    new = [keys(follower, seq, [at(20)], run="b" * 12) for seq in range(3)][-1]
    assert None not in (*old, *new)
    assert old != new


def test_only_those_count_whom_the_redactor_was_to_hide_and_a_face_is_not_somebody_beside_the_person() -> None:
    found = [at(20), at(120, label="face"), at(220, label="car")]
    for labels in (("person", "face", "car"), ("Face",), ("car", "face"), ("car",)):
        seen = Follower().see(frame(0, found, replace(DONE, labels=labels)))
        assert seen
        assert len(seen.people) == 1


def test_a_frame_full_of_detections_costs_little() -> None:
    follower = Follower()
    for seq in range(3):
        seen = follower.see(frame(seq, [at(number % 280, 0.5 + number / 5_000) for number in range(1_000)]))
        assert seen
        assert len(seen.people) == 64


def test_boxes_are_told_in_shares_of_the_picture() -> None:
    seen = Follower().see(frame(0, [at(80)]))
    assert seen
    assert seen.people[0].xyxy == pytest.approx((0.25, 0.25, 0.375, 0.75))
