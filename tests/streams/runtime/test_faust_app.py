"""Faust as imagebus runs it: what is overridden by private names takes effect in the version that is pinned."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.consumer.fetcher import OffsetResetStrategy

from streams.kafka.faust_consumer import Consumer
from streams.kafka.fetcher import Positions
from streams.runtime.faust_app import BusApp, bus_app
from streams.settings import Settings
from tests.bus import produce_all
from tests.wait import wait_until_async


@pytest.fixture
async def app(embedded: str, tmp_path: Path) -> AsyncIterator[BusApp]:
    """An app under way."""
    app = bus_app("group", Settings(kafka_url=embedded, data_dir=str(tmp_path)))

    @app.agent(app.topic("SOURCE_FRAME"))
    async def nothing(stream):  # type: ignore[no-untyped-def]
        async for _ in stream:
            pass

    await app.start()
    await wait_until_async(lambda: app.consumer._thread._consumer, 10, "a consumer under way")
    yield app
    await app.stop()


async def test_the_consumer_is_the_one_of_this_project_and_aiokafka_fetches_nothing(app: BusApp) -> None:
    assert type(app.consumer) is Consumer
    assert type(app.consumer._thread._consumer._fetcher) is Positions


async def test_a_partition_that_is_moved_on_to_what_has_not_expired_does_not_end_it(app: BusApp) -> None:
    await wait_until_async(app.consumer.assignment, 20, "partitions that are held")
    assignment = app.consumer._thread._consumer._subscription.subscription.assignment
    states = [assignment.state_value(tp) for tp in app.consumer.assignment()]
    await wait_until_async(lambda: all(state.has_valid_position for state in states), 20, "partitions that are read")
    for state in states:  # as aiokafka does where the next record is not there any more
        state.await_reset(OffsetResetStrategy.EARLIEST)
    await app.consumer.verify_all_partitions_active()


async def test_it_ends_although_a_request_waits_for_its_retry(app: BusApp) -> None:
    thread = app.consumer._thread

    async def begin() -> None:
        # As while a broker is away: a request that failed waits before the next one.
        thread._consumer._fetcher._pending_tasks.add(asyncio.create_task(asyncio.Event().wait()))

    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(begin(), thread.thread_loop))
    ended, _ = await asyncio.wait([asyncio.create_task(app.stop())], timeout=10)
    assert ended


async def test_records_go_to_the_streams_without_tasks_of_their_own_and_wait_where_those_are_full(
    embedded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [b"%d" % n for n in range(60)]
    produce_all(embedded, "NUMBERS", [(b"door", number) for number in numbers])
    app = bus_app("numbers", Settings(kafka_url=embedded, data_dir=str(tmp_path)))
    came: list[bytes] = []
    waits: list[int] = []  # when a record had to wait for the stream, after so many
    goes_on = asyncio.Event()
    wait_first = Consumer.wait_first

    async def noted(self: Consumer, *what: Any, **more: Any) -> Any:
        if len(what) == 2:
            waits.append(len(came))
        return await wait_first(self, *what, **more)

    monkeypatch.setattr(Consumer, "wait_first", noted)

    @app.agent(app.topic("NUMBERS"))
    async def note(stream):  # type: ignore[no-untyped-def]
        async for number in stream:
            came.append(number)
            if len(came) == 20:
                await goes_on.wait()

    await app.start()
    try:
        await wait_until_async(lambda: len(came) == 20, 30, "the first twenty")
        goes_on.set()
        await wait_until_async(lambda: len(came) == 60, 30, "all")
    finally:
        await app.stop()
    assert came == numbers
    assert set(waits) <= {20}
