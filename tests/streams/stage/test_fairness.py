"""One source that has too much keeps no other from being served."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable
from itertools import count
from pathlib import Path

import pytest

from functions import Frame
from streams.chain.types import Chain
from streams.kafka import topics
from streams.runtime.faust_app import bus_app
from streams.settings import Settings
from streams.stage.handler import Stage
from streams.wire import records
from tests.bus import consume, produce_all
from tests.streams.delivering import TOPICS, WINDOW, Delivering, frame
from tests.streams.stage.stages import Arrived, calling
from tests.wait import others_turn, wait_until_async


async def at_once(*_: object) -> Awaitable[None]:
    """A bus that takes everything."""
    return others_turn()


async def test_a_file_as_fast_as_it_can_is_held_to_its_share_and_lets_a_camera_pass(stage: Stage) -> None:
    worked: list[str] = []
    acked: list[Arrived] = []
    gate = threading.Semaphore(0)

    def call(frame: Frame, **_: object) -> Frame:
        worked.append(frame.source)
        gate.acquire()
        return frame

    calling(stage, call)

    async def consumed() -> AsyncIterator[Arrived]:
        seqs = count()
        while not delivery.is_full(("SOURCE_FRAME", 0)):
            yield frame(next(seqs), "film", 0, live=False)
        assert not delivery.is_full(("SOURCE_FRAME", 1))
        yield frame(0, "door", 1, live=True)
        await others_turn()  # it waits for a thread now
        gate.release(2 * WINDOW + 1)
        await asyncio.Event().wait()

    delivery = Delivering(stage, at_once, TOPICS, WINDOW, acked.append)
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

    delivery = Delivering(stage, send, TOPICS, WINDOW, ack)
    running = asyncio.create_task(delivery.run(consumed()))
    await wait_until_async(lambda: len(acked) == 110, 30, "all acked")
    running.cancel()

    assert acked == list(range(110))
    assert came["door"] == list(range(0, 110, 11))
    assert came["flood"] == sorted(came["flood"])
    assert bool(stage.counts["skipped"]) == live
    assert len(came["flood"]) == 100 - stage.counts["skipped"]


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
