"""A source with much to do keeps no other waiting for its turn."""

from __future__ import annotations

import asyncio
from functools import partial

from streams.pool import Pool
from streams.turns import Turns
from streams.work import Skipped
from tests.streams.delivering import others_turn


def test_a_source_with_nothing_under_way_comes_before_one_that_waits_longer() -> None:
    turns = Turns[int]()
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
    turns = Turns[int]()
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


async def test_of_frames_that_are_all_late_each_source_has_some_done() -> None:
    """A source that lost its turn to each frame that is too old would have none done while there are others."""
    late = {"door": 3, "gate": 0}
    done: list[str] = []
    pool = Pool(1, time_limit_s=30)

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
