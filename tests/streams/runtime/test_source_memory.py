"""What is remembered of sources is bounded, and a flood of new names pushes out nobody who is live."""

from __future__ import annotations

import itertools

import pytest

from streams.runtime.source_memory import ESTABLISHED, SILENT_S, Key, SourceMemory

PLACES = 128


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Memories:
    """Sources with a number each, that says which memory it is."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.gone: list[tuple[str, str]] = []
        numbers = itertools.count()
        self.kept = SourceMemory[int](
            PLACES, lambda key: next(numbers), lambda key, value, why: self.gone.append((key.source, why)), self.clock
        )

    def see(self, source: str, times: int = 1, run: str = "a") -> int:
        """The number of a source after so many of its frames."""
        return [self.kept.see(Key(source, run)) for _ in range(times)][-1]


@pytest.fixture
def memories() -> Memories:
    return Memories()


def test_a_flood_of_new_names_pushes_out_other_newcomers_only(memories: Memories) -> None:
    cameras = {name: memories.see(name, ESTABLISHED) for name in map(str, range(30))}

    for n in range(10_000):
        memories.see(f"flood {n}")
        memories.clock.now += 0.001
        if n % 100 == 0:
            assert {name: memories.see(name) for name in cameras} == cameras

    assert len(memories.kept) == 30 + PLACES // 8
    assert len(memories.gone) == 10_000 - PLACES // 8
    assert {why for _, why in memories.gone} == {"for want of places"}
    assert not cameras.keys() & {name for name, _ in memories.gone}


def test_a_flood_that_stays_for_many_frames_pushes_out_nobody_who_is_live(memories: Memories) -> None:
    cameras = {name: memories.see(name, ESTABLISHED) for name in map(str, range(30))}

    for n in range(2_000):
        memories.see(f"flood {n}", 3 * ESTABLISHED)
        memories.clock.now += 0.005
        assert {name: memories.see(name) for name in cameras} == cameras
    assert len(memories.kept) <= PLACES


def test_a_camera_that_comes_in_the_middle_of_a_flood_is_established_by_its_frames(memories: Memories) -> None:
    flood = map("flood {}".format, itertools.count())
    for _ in range(ESTABLISHED):
        memories.see("late")
        for _ in range(PLACES):
            memories.see(next(flood))

    known = memories.see("late")
    for _ in range(PLACES):
        memories.see(next(flood))
    assert memories.see("late") == known


def test_who_is_silent_for_minutes_is_forgotten_and_starts_afresh(memories: Memories) -> None:
    before = memories.see("door", ESTABLISHED)
    memories.clock.now += SILENT_S
    assert memories.see("door") == before
    memories.clock.now += SILENT_S + 1
    memories.see("yard")
    assert memories.gone == [("door", "silent for 600 s")]
    assert memories.see("door") != before


def test_runs_of_one_source_are_apart_and_one_that_ended_goes_once_the_next_is_there(memories: Memories) -> None:
    before, after = memories.see("door", ESTABLISHED, run="a"), memories.see("door", ESTABLISHED, run="b")
    assert before != after
    assert memories.see("door", run="a") == before

    memories.clock.now += 11
    memories.see("door", ESTABLISHED, run="c")
    assert [source for source, _ in memories.gone] == ["door", "door"]
    assert len(memories.kept) == 1


def test_the_place_of_who_is_not_live_any_more_goes_to_who_is(memories: Memories) -> None:
    for n in range(PLACES):
        memories.see(str(n), ESTABLISHED)
    established = PLACES - PLACES // 8
    assert len(memories.kept) == PLACES

    memories.clock.now += 11
    memories.see("new", ESTABLISHED)
    assert ("0", "for want of places") in memories.gone
    assert [source for source, _ in memories.gone if int(source) < established] == ["0"]
