"""More records than a viewer can read: it lives on, and shows what came last."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import pytest
from faust.types import TP

from streams.kafka.embedded_broker import EmbeddedBroker
from streams.wire import records
from tests.bus import offsets
from tests.wait import wait_until
from tests.web.flood import flood
from tests.web.frames_of_chain import SOURCE, Camera
from tests.web.socket_client import connect
from tests.web.viewer.test_health import metrics_of
from tests.web.viewing import Viewing, start_viewer
from web.live.load_shedding import is_late


def of(camera: Camera) -> Callable[[int], tuple[str, bytes]]:
    """The same frame again and again under other numbers' keys: every partition gets its share."""
    record = records.encode(records.from_frame(camera.frame(0)))
    return lambda number: (f"{camera.name} {number % 64}", record)


async def shown(viewing: Viewing, camera: Camera, seq: int, timeout_s: float) -> None:
    """Back when a browser gets this frame."""
    async with connect(viewing) as client, asyncio.timeout(timeout_s):
        await client.send(do="watch", view="a", right=SOURCE, source=camera.name)
        while (picture := await client.picture(timeout_s)).seq() != seq:
            await client.send(do="ack", view="a", n=picture.n)


async def test_records_that_expire_before_they_are_read_do_not_end_the_viewer() -> None:
    with EmbeddedBroker() as broker, start_viewer(broker.url) as viewing:
        viewing.wait_until_ready()
        await asyncio.to_thread(flood, broker.url, SOURCE, of(Camera(broker.url, "flood")), for_s=10)
        door = Camera(broker.url, "door")
        await asyncio.to_thread(door.send, 7, [SOURCE])
        await shown(viewing, door, 7, timeout_s=60)
        assert viewing.state()["bus"] == "ready"


async def test_a_frame_that_came_after_records_had_expired_unread_is_shown() -> None:
    with EmbeddedBroker() as broker, start_viewer(broker.url) as viewing:
        viewing.wait_until_ready()
        door = Camera(broker.url, "door")
        # Asleep it cannot read; its place in each partition has expired when it wakes.
        viewing.process.send(signal.SIGSTOP)
        await asyncio.to_thread(flood, broker.url, SOURCE, of(Camera(broker.url, "flood")), records=40_000)
        assert all(first > 0 for first, _ in offsets(broker.url, SOURCE).values())
        await asyncio.to_thread(door.send, 7, [SOURCE])
        viewing.process.send(signal.SIGCONT)
        await shown(viewing, door, 7, timeout_s=60)


async def test_what_waits_for_too_long_is_left_out_and_counted(empty_kafka: str) -> None:
    broker = empty_kafka
    with start_viewer(broker) as viewing:
        viewing.wait_until_ready()
        taken = viewing.state()["frames"]
        sent = await asyncio.to_thread(flood, broker, SOURCE, of(Camera(broker, "flood")), records=150_000)
        door = Camera(broker, "door")
        await asyncio.to_thread(door.send, 7, [SOURCE])
        await shown(viewing, door, 7, timeout_s=60)
        lag = ("imagebus_viewer_lag_records", SOURCE)
        wait_until(lambda: metrics_of(viewing.url)[lag] == 0, 10, "a viewer that has nothing left to read")
        skipped = metrics_of(viewing.url)["imagebus_viewer_skipped_records_total", SOURCE]
        read = viewing.state()["frames"] - taken
        assert skipped > 0
        assert 0.99 * sent < skipped + read < 1.01 * sent  # a few are fetched already while others are left out


async def test_what_was_there_before_the_viewer_is_not_shown(embedded: str) -> None:
    await asyncio.to_thread(flood, embedded, SOURCE, of(Camera(embedded, "before")), records=500)
    with start_viewer(embedded) as viewing:
        viewing.wait_until_ready()
        assert metrics_of(viewing.url)["imagebus_viewer_sources",] == 1  # the one of wait_until_ready


@pytest.mark.parametrize(
    ("waiting", "read_per_s", "late"),
    [
        ((), 0.0, False),
        ((100, 100, 100), 1.0, False),  # these would be read after all
        ((2000, 0), 1001.0, False),
        ((2000, 1000), 1001.0, True),
        ((101,), 0.0, True),
    ],
)
def test_late_is_what_takes_more_than_two_seconds_to_read(
    waiting: tuple[int, ...], read_per_s: float, late: bool
) -> None:
    places = {TP(SOURCE, partition): records for partition, records in enumerate(waiting)}
    assert is_late(places, read_per_s) is late
