"""One source that has too much keeps no other from being served, and neither order nor acks suffer for it."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from functions import Frame, registry
from streams import records, topics
from streams.bus import bus_app
from streams.chain import Chain
from streams.deliver import Delivery, Stopped
from streams.pool import Pool
from streams.settings import Settings
from streams.stage import Outcome, Stage
from streams.turns import Turns
from streams.work import RunningMean, Skipped, Work
from tests.bus import consume, produce_all
from tests.streams import frames
from tests.streams.test_stage import Arrived
from tests.wait import wait_until_async

WINDOW = 4
TOPICS = ("OUT", "DEAD")


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A millisecond's work a frame, on one thread."""
    spec = registry.load(["tests.stub_functions"])["burn"]
    pool = Pool(1, time_limit_s=30)
    pool.start()
    options = spec.validate({"milliseconds": 1.0})
    yield Stage(Work("mine", spec, options, False, records.MAX_RECORD_BYTES, RunningMean()), pool, max_age_s=1e9)
    pool.stop()


def frame(seq: int, source: str, partition: int, live: bool) -> Arrived:
    """A message of a source on a partition."""
    return Arrived(frames.record(seq, source, live), source.encode(), partition=partition, offset=seq)


def others_turn() -> Awaitable[None]:
    """Whatever else is due is done first."""
    return asyncio.sleep(0)


async def at_once(*_: object) -> Awaitable[None]:
    """A bus that takes everything."""
    return others_turn()


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


async def test_a_file_as_fast_as_it_can_is_held_to_its_share_and_lets_a_camera_pass(stage: Stage) -> None:
    worked: list[str] = []
    acked: list[Arrived] = []
    gate = threading.Semaphore(0)

    def call(frame: Frame, **_: object) -> Frame:
        worked.append(frame.source)
        gate.acquire()
        return frame

    stage.work = replace(stage.work, spec=replace(stage.work.spec, call=call))

    async def consumed() -> AsyncIterator[Arrived]:
        seqs = count()
        while not delivery.is_full(("SOURCE_FRAME", 0)):
            yield frame(next(seqs), "film", 0, live=False)
        assert not delivery.is_full(("SOURCE_FRAME", 1))
        yield frame(0, "door", 1, live=True)
        await others_turn()  # it waits for a thread now
        gate.release(2 * WINDOW + 1)
        await asyncio.Event().wait()

    delivery = Delivery(stage, at_once, TOPICS, WINDOW, lambda message: message, acked.append)
    running = asyncio.create_task(delivery.run(consumed()))
    await wait_until_async(lambda: len(acked) == 2 * WINDOW + 1 or running.done(), 30, "all acked")
    running.cancel()

    assert worked == ["film", "door", *["film"] * (2 * WINDOW - 1)]


@pytest.mark.parametrize("live", [True, False], ids=["camera", "file"])
async def test_where_sources_share_a_partition_a_flooding_camera_loses_its_surplus_and_a_file_nothing(
    stage: Stage, live: bool
) -> None:
    came: dict[str, list[int]] = defaultdict(list)
    acked: list[int] = []
    changed = asyncio.Event()

    async def send(topic: str, key: bytes, value: bytes, headers: dict[str, bytes]) -> Awaitable[None]:
        came[key.decode()].append(records.decode(value).seq)
        return others_turn()

    def ack(message: Arrived) -> None:
        acked.append(message.offset)
        changed.set()

    async def consumed() -> AsyncIterator[Arrived]:
        for seq in range(110):
            while delivery.is_full(("SOURCE_FRAME", 0)):
                changed.clear()
                await changed.wait()
            source = "flood" if seq % 11 else "door"
            yield frame(seq, source, 0, live)
        await asyncio.Event().wait()

    delivery = Delivery(stage, send, TOPICS, WINDOW, lambda message: message, ack)
    running = asyncio.create_task(delivery.run(consumed()))
    await wait_until_async(lambda: len(acked) == 110, 30, "all acked")
    running.cancel()

    assert acked == list(range(110))
    assert came["door"] == list(range(0, 110, 11))
    assert came["flood"] == sorted(came["flood"])
    assert bool(stage.counts["skipped"]) == live
    assert len(came["flood"]) == 100 - stage.counts["skipped"]


class Chance:
    """A stage and a bus that take as long as the dice say."""

    work = SimpleNamespace(stage="mine")

    def __init__(self, dice: random.Random) -> None:
        self.sent: dict[bytes | None, list[bytes]] = defaultdict(list)
        self.arrived: set[bytes] = set()
        self._dice = dice

    async def outcome(self, message: Arrived, is_surplus: Callable[[], bool]) -> Outcome:
        await self._a_while()
        value = message.value or b""
        return self._dice.choice((Outcome((value,)), Outcome((value, value)), Outcome(reason="no"), Outcome()))

    async def send(self, topic: str, key: bytes, value: bytes, headers: dict[str, bytes]) -> Awaitable[None]:
        self.sent[key].append(value)
        await self._a_while()
        return self._arrive(value)

    async def _arrive(self, value: bytes) -> None:
        await self._a_while()
        self.arrived.add(value)

    async def _a_while(self) -> None:
        for _ in range(self._dice.randrange(8)):
            await others_turn()


@pytest.mark.parametrize("seed", range(20))
async def test_in_whatever_order_records_are_done_results_and_acks_are_in_theirs(seed: int) -> None:
    dice = random.Random(seed)
    chance = Chance(dice)
    waiting = [
        Arrived(b"%03d" % n, b"%d" % (source := dice.randrange(6)), partition=source % 3, offset=n) for n in range(100)
    ]
    acked: list[Arrived] = []

    def ack(message: Arrived) -> None:
        sent = message.value in chance.sent[message.key]
        assert sent <= (message.value in chance.arrived), f"Expected {message.value!r} to have arrived"
        acked.append(message)

    async def consumed() -> AsyncIterator[Arrived]:
        for message in waiting:
            yield message
            await others_turn()
        await asyncio.Event().wait()

    delivery = Delivery(chance, chance.send, TOPICS, WINDOW, lambda message: message, ack)  # type: ignore[arg-type]
    running = asyncio.create_task(delivery.run(consumed()))
    await wait_until_async(lambda: len(acked) == len(waiting) or running.done(), 30, "all acked")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert len(acked) == len(waiting)
    for partition in range(3):
        offsets = [message.offset for message in acked if message.partition == partition]
        assert offsets == [message.offset for message in waiting if message.partition == partition]
    assert all(values == sorted(values) for values in chance.sent.values())


async def test_a_send_that_is_cancelled_ends_the_delivery_with_nothing_acked(stage: Stage) -> None:
    acked: list[Arrived] = []

    async def cancelled(*_: object) -> Awaitable[Any]:
        sending: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sending.cancel()
        return sending

    async def consumed() -> AsyncIterator[Arrived]:
        yield frame(0, "door", 0, live=False)

    delivery = Delivery(stage, cancelled, TOPICS, WINDOW, lambda message: message, acked.append)
    with pytest.raises(Stopped, match="was cancelled while it wrote its output"):
        await asyncio.wait_for(delivery.run(consumed()), 30)
    assert not acked


async def test_a_partition_that_is_full_rests_while_another_is_read_and_loses_nothing(
    kafka: str, tmp_path: Path
) -> None:
    settings = Settings(kafka_url=kafka, data_dir=str(tmp_path), partitions=4)
    topics.make(topics.admin(settings), [topics.plan(settings, Chain(stages={}), "RESTING")])
    numbers = [str(n).encode() for n in range(40)]
    produce_all(kafka, "RESTING", [(source, number) for number in numbers for source in ("gate", "lift")])
    came: dict[bytes, list[bytes]] = defaultdict(list)
    full = {("RESTING", each.partition()) for each in consume(kafka, "RESTING", 80) if each.key() == b"gate"}
    app = bus_app("resting", settings)
    app.is_full = full.__contains__

    @app.agent(app.topic("RESTING"))
    async def note(stream):  # type: ignore[no-untyped-def]
        async for event in stream.events():
            came[event.key].append(event.value)

    await app.start()
    try:
        await wait_until_async(lambda: len(came[b"lift"]) == 40, 30, "all of one source")
        assert not came[b"gate"]
        full.clear()
        await wait_until_async(lambda: len(came[b"gate"]) == 40, 30, "all of the other")
    finally:
        await app.stop()
    assert came == {b"lift": numbers, b"gate": numbers}
