"""Drawn zones on a real Kafka: no redactor begins before the topic is read, and what was known is never forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from confluent_kafka import Message
from confluent_kafka.admin import AdminClient

from functions.core.errors import UsageError
from streams.chain import types as chains
from streams.settings import Settings
from streams.wire import records
from streams.zones import known
from streams.zones.reader import ZonesReader
from tests.bus import consume, produce, produce_all
from tests.processes import Process
from tests.streams import frames
from tests.streams.chains import ZONES_CHAIN, environment, wait_ready, worker
from tests.streams.zones.test_known import ALL_OF_YARD, LEFT, LEFT_OF_YARD, Written, drawn
from tests.wait import wait_until

ZONES, SHOWN = "ZONES", "REDACTION_FRAME"


class Redactor:
    """What a reader hands to a redactor."""

    def __init__(self, settings: Settings) -> None:
        self.zones: tuple[str, ...] | None = None
        self.refused = ""
        self._reader = ZonesReader(settings, chains.load())
        self._reader.join(self._follow, self._refuse)

    def _follow(self, zones: tuple[str, ...]) -> None:
        self.zones = zones

    def _refuse(self, why: str) -> None:
        self.refused = why

    def ready(self) -> bool:
        """Whether it may begin."""
        try:
            self._reader.require()
        except UsageError:
            return False
        return True

    @asynccontextmanager
    async def begun(self) -> AsyncIterator[Redactor]:
        """Within, the reader reads, and knows all that was drawn."""
        async with self._reader:
            await asyncio.to_thread(wait_until, self.ready, 30, "zones that are read")
            yield self

    async def becomes(self, *zones: str) -> None:
        """Back when these are the zones."""
        await asyncio.to_thread(wait_until, lambda: self.zones == zones, 30, f"the zones {zones}, not {self.zones}")

    async def is_refused(self) -> str:
        """Why it may not go on, once it may not."""
        return await asyncio.to_thread(wait_until, lambda: self.refused, 30, "a refusal")


@pytest.fixture
def bus(kafka: str) -> Iterator[str]:
    """A broker without a topic of zones."""
    _remove(kafka)
    yield kafka
    _remove(kafka)


def _remove(url: str) -> None:
    admin = AdminClient({"bootstrap.servers": url, "log_level": 0})
    if ZONES in admin.list_topics(timeout=10).topics:
        admin.delete_topics([ZONES])[ZONES].result()
        wait_until(lambda: ZONES not in admin.list_topics(timeout=10).topics, 30, "no zones")


def _write(url: str, *written: Written) -> None:
    produce_all(url, ZONES, [(record.key, record.value) for record in written])


@pytest.fixture
def redactor(bus: str, tmp_path: Path) -> Callable[[], Redactor]:
    """A redactor of one and the same host, started again at each call."""
    return lambda: Redactor(Settings(kafka_url=bus, data_dir=str(tmp_path)))


async def test_without_the_topic_it_is_made_and_nothing_is_drawn(redactor: Callable[[], Redactor]) -> None:
    async with redactor().begun() as one:
        assert one.zones == ()


async def test_what_was_drawn_before_is_known_before_it_begins_and_what_is_drawn_then_follows(
    bus: str, redactor: Callable[[], Redactor]
) -> None:
    async with redactor().begun():
        _write(bus, *[drawn(f"cam {number}", LEFT) for number in range(200)] * 20)
        _write(bus, *[drawn(f"cam {number}") for number in range(200)], drawn("yard", LEFT))
    async with redactor().begun() as one:
        assert one.zones == LEFT_OF_YARD
        _write(bus, drawn("yard", LEFT, LEFT))
        await one.becomes(*LEFT_OF_YARD * 2)
        _write(bus, Written(b"yard", b"forged"))
        await one.becomes(*ALL_OF_YARD)


async def test_zones_whose_topic_is_lost_are_covered_wholly_also_after_a_restart(
    bus: str, redactor: Callable[[], Redactor]
) -> None:
    async with redactor().begun() as one:
        _write(bus, drawn("yard", LEFT))
        await one.becomes(*LEFT_OF_YARD)
        _remove(bus)
        await one.becomes(*ALL_OF_YARD)
    async with redactor().begun() as one:
        assert one.zones == ALL_OF_YARD
        _write(bus, drawn("yard", LEFT))
        await one.becomes(*LEFT_OF_YARD)
    _remove(bus)
    async with redactor().begun() as one:
        assert one.zones == ALL_OF_YARD


async def test_what_cannot_be_known_stops_redactors_and_keeps_them_stopped(
    bus: str, redactor: Callable[[], Redactor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "MAX_SOURCES", 1)
    async with redactor().begun() as one:
        _write(bus, drawn("yard", LEFT), drawn("gate", LEFT))
        assert "expected the zones of at most 1 sources" in await one.is_refused()
        assert not await asyncio.to_thread(one.ready)


def test_a_worker_covers_what_was_drawn_and_all_of_a_source_whose_zones_it_does_not_know(
    bus: str, tmp_path: Path
) -> None:
    env = environment(bus, tmp_path, ZONES_CHAIN)
    numbers = iter(range(1_000))

    def covered(source: str) -> float:
        """The share of a frame written now that is covered."""
        written = frames.record(next(numbers), source)
        produce(bus, "SOURCE_FRAME", source, written)
        wanted = records.decode(written).id
        found = consume(bus, SHOWN, lambda shown: any(_id(each) == wanted for each in shown))
        done = next(records.decode(each.value()).redaction for each in found if _id(each) == wanted)
        assert done is not None
        return done.covered

    def becomes(source: str, share: float) -> None:
        wait_until(lambda: covered(source) == pytest.approx(share, abs=0.01), 30, f"{share} of {source} covered")

    def started() -> Process:
        process = worker(env)
        wait_ready(process, "detect", "redact")
        return process

    with started() as process:
        few = covered("yard")
        assert few < 0.1
        _write(bus, drawn("yard", LEFT))
        wait_until(lambda: covered("yard") > 0.5, 30, "the left half covered")
        _write(bus, drawn("gate", key=b"yard"))
        becomes("yard", 1.0)
        _write(bus, drawn("yard", LEFT))
        wait_until(lambda: covered("yard") < 1, 30, "the left half covered")
        assert covered("gate") == pytest.approx(few, abs=0.01)
        process.kill()
    _remove(bus)
    produce_all(bus, "SOURCE_FRAME", frames.pairs(range(1_000, 1_005), "yard"))
    with started():
        # Frames of before that were not committed come once more among them.
        after = _since(1_000, consume(bus, SHOWN, lambda shown: len(_since(1_000, shown)) == 5))
        assert [record.redaction and record.redaction.covered for record in after] == [1.0] * 5
        _write(bus, drawn("yard"))
        becomes("yard", few)


def _since(seq: int, messages: list[Message]) -> list[records.Record]:
    return [record for record in frames.read(messages) if record.seq >= seq]


def _id(message: object) -> str:
    return records.decode(message.value()).id  # type: ignore[attr-defined]
