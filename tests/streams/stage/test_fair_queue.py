"""A source with much to do keeps no other waiting for its turn."""

from __future__ import annotations

import asyncio
import threading
from functools import partial

import pytest

from streams.runtime.errors import Skipped
from streams.stage.fair_queue import FairQueue
from streams.stage.thread_pool import ThreadPool, TookTooLong
from tests.wait import others_turn, wait_until, wait_until_async


class Taker(threading.Thread):
    """A thread with nothing to do: what it took, once there was something."""

    def __init__(self, turns: FairQueue[int]) -> None:
        super().__init__(daemon=True)
        self.turns, self.taken = turns, list[object]()
        self.start()

    def run(self) -> None:
        self.taken.append(self.turns.take())


def test_a_source_with_nothing_under_way_comes_before_one_that_waits_longer() -> None:
    turns = FairQueue[int]()
    for n in range(4):
        turns.put("film", n)
    assert turns.take() == ("film", 0)
    turns.put("door", 0)

    assert turns.take() == ("door", 0)
    turns.over("film")
    turns.over("door")
    turns.put("door", 1)
    assert [turns.take() for _ in range(3)] == [("film", 1), ("door", 1), ("film", 2)]


def test_a_source_whose_frame_was_too_old_has_its_turn_still() -> None:
    turns = FairQueue[int]()
    for n in range(2):
        turns.put("film", n)
    assert turns.take() == ("film", 0)  # and under way from now on
    for source in ("door", "gate"):
        turns.put(source, 0)
    for source in ("door", "gate"):
        assert turns.take() == (source, 0)
        turns.over(source)
    turns.put("gate", 1)
    turns.put("door", 1)
    assert turns.take() == ("door", 1)
    turns.over("door", keeps_turn=True)
    turns.put("door", 2)
    assert turns.take() == ("door", 2)
    turns.over("door")
    turns.put("door", 3)
    assert turns.take() == ("gate", 1)


def test_names_that_are_ever_new_have_no_turn_before_one_that_waits_and_are_not_remembered() -> None:
    turns = FairQueue[int]()
    turns.put("flood", 0)
    turns.put("door", 0)
    served = []
    for n in range(10_000):
        turns.put(f"flood {n}", n)
        source, _ = turns.take() or ("", 0)
        turns.over(source)
        served.append(source)

    assert served[:3] == ["flood", "door", "flood 0"]
    assert len(turns._last) <= 4096


def test_a_camera_is_served_before_names_that_came_after_its_last_turn() -> None:
    turns = FairQueue[int]()
    turns.put("door", 0)
    turns.put("first", 0)
    assert turns.take() == ("door", 0)
    turns.over("door")
    turns.put("second", 0)
    turns.put("door", 1)
    assert [turns.take() for _ in range(3)] == [("first", 0), ("door", 1), ("second", 0)]


def test_those_of_a_source_that_go_one_at_a_time_wait_for_one_another_and_for_no_other() -> None:
    turns = FairQueue[int]()
    for n in range(3):
        for source in ("door", "gate"):
            turns.put(source, n, one_at_a_time=True)
    assert [turns.take() for _ in range(2)] == [("door", 0), ("gate", 0)]
    turns.end()
    assert turns.take() is None  # nothing else may be taken
    turns.over("gate")
    assert turns.take() == ("gate", 1)
    turns.over("door")
    turns.over("gate")
    assert sorted(turns.take() or () for _ in range(2)) == [("door", 1), ("gate", 2)]
    turns.over("door")
    assert turns.take() == ("door", 2)
    turns.over("door")
    turns.over("gate")
    turns.put("gate", 3, one_at_a_time=True)
    assert turns.take() == ("gate", 3)
    assert not turns._held_back


def test_who_has_nothing_to_take_prepares_what_waits_for_the_one_before() -> None:
    prepared = list[int]()
    turns = FairQueue[int](lambda n: partial(prepared.append, n))
    for n in range(3):
        turns.put("door", n, one_at_a_time=True)
    assert turns.take() == ("door", 0)
    idle = Taker(turns)
    wait_until(lambda: prepared == [1], 10, "the next to be prepared")

    turns.over("door")
    idle.join(10)

    assert idle.taken == [("door", 1)]
    assert prepared == [1]


def test_what_is_being_prepared_is_taken_only_then_and_keeps_no_other_source_waiting() -> None:
    begun, ends = threading.Event(), threading.Event()
    slow = [begun.set, partial(ends.wait, 30)]
    turns = FairQueue[int](lambda n: lambda: [each() for each in slow])
    for n in range(2):
        turns.put("door", n, one_at_a_time=True)
    assert turns.take() == ("door", 0)
    prepares = Taker(turns)
    assert begun.wait(10)

    turns.over("door")
    turns.put("gate", 0, one_at_a_time=True)
    assert turns.take() == ("gate", 0)
    turns.end()
    assert turns.take() is None
    assert not prepares.taken
    ends.set()
    prepares.join(10)

    assert prepares.taken == [("door", 1)]


def test_nothing_is_prepared_by_who_has_something_to_take() -> None:
    prepared = list[int]()
    turns = FairQueue[int](lambda n: partial(prepared.append, n))
    for n in range(3):
        turns.put("door", n, one_at_a_time=True)
    for n in range(3):
        assert turns.take() == ("door", n)
        turns.over("door")

    turns.end()
    assert turns.take() is None
    assert not prepared


async def test_a_call_that_hangs_holds_up_the_next_of_its_source_until_its_time_is_up() -> None:
    pool, ends = ThreadPool(2, time_limit_s=0.2), threading.Event()
    pool.start()
    done: list[str] = []
    calls = (partial(ends.wait, 30), *(partial(done.append, name) for name in ("second", "third")))
    hangs, *others = [pool.put_in_turn("door", call, bool, lambda: None) for call in calls]
    with pytest.raises(TookTooLong):
        await pool.answer(hangs)
    for other in others:
        await pool.answer(other)
    ends.set()
    await wait_until_async(lambda: hangs.has_ended, 10, "the end of the call that hung")
    await pool.answer(pool.put_in_turn("door", partial(done.append, "fourth"), bool, lambda: None))
    pool.stop()
    assert done == ["second", "third", "fourth"]


async def test_of_frames_that_are_all_late_each_source_has_some_done() -> None:
    """A source that lost its turn to each frame that is too old would have none done while there are others."""
    late = {"door": 3, "gate": 0}
    done: list[str] = []
    pool = ThreadPool(1, time_limit_s=30)

    def call(source: str) -> None:
        if late[source]:
            late[source] -= 1
            raise Skipped
        done.append(source)

    waiting = [asyncio.ensure_future(pool.run(source, partial(call, source))) for _ in range(4) for source in late]
    await others_turn()  # all wait before the first is taken
    pool.start()
    await asyncio.gather(*waiting, return_exceptions=True)
    pool.stop()
    assert done == ["door", "gate", "gate", "gate", "gate"]
