"""A stage: one function between two topics. Keeps each source's order, and acks what is on the bus, nothing else."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from streams import records
from streams.pool import Pool, TookTooLong
from streams.records import Record, RecordError
from streams.work import Skipped, Work

log = logging.getLogger(__name__)


class Message(Protocol):
    """What a stage needs to know of a Kafka message."""

    key: bytes | None
    value: bytes | None
    topic: str
    partition: int
    offset: int
    timestamp: float


class Out(Protocol):
    """Where results and dead letters go: the awaitable is done when the record is on the bus."""

    def __call__(
        self, topic: str, key: bytes | None, value: bytes | None, headers: dict[str, bytes]
    ) -> Awaitable[Awaitable[Any]]: ...


@dataclass(frozen=True)
class Outcome:
    """What became of one message: results to publish, or the reason for its dead letter."""

    results: tuple[bytes, ...] = ()
    reason: str = ""
    last: bool = False  # no thread is left to work on another


@dataclass
class _Lane:
    """What one source's frames share: they pass one at a time, in order, and meet the same state."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    state: Any = None
    run: str = ""
    seq: int = -1


class Stage:
    """Turns messages into outcomes; `counts` says how many came to what."""

    def __init__(self, work: Work, pool: Pool, max_age_s: float) -> None:
        self.work = work
        self.counts: Counter[str] = Counter()
        self._pool = pool
        self._max_age_s = max_age_s
        self._lanes: dict[str, _Lane] = {}

    async def outcome(self, message: Message) -> Outcome:
        """What becomes of a message. Never raises: an error of the record is an outcome, too."""
        try:
            record = self._read(message)
            results = await self._in_lane(record, message.timestamp)
        except Skipped:
            self.counts["skipped"] += 1
            return Outcome()
        except Exception as error:
            self.counts["dead"] += 1
            reason = str(error) if isinstance(error, RecordError) else f"{type(error).__name__}: {error}"
            log.warning("Stage %s: %s@%d/%d is a dead letter: %s", self.work.stage, *_place(message), reason)
            return Outcome(reason=reason, last=isinstance(error, TookTooLong) and self._pool.all_hang)
        self.counts["done"] += 1
        return Outcome(tuple(results))

    def forget(self) -> None:
        """Drop what was remembered of all sources: other workers may have had them meanwhile."""
        self._lanes.clear()

    def _read(self, message: Message) -> Record:
        record = records.decode(message.value or b"", self.work.max_record_bytes)
        key = None if message.key is None else message.key.decode(errors="replace")
        if key != record.source:
            raise RecordError(f"Expected the message key {record.source!r} (its source), got {key!r}")
        return record

    async def _in_lane(self, record: Record, timestamp: float) -> list[bytes]:
        if self.work.spec.state is None:
            return await self._pool.run(partial(self._fresh, record, timestamp))
        lane = self._lanes.setdefault(record.source, _Lane())
        async with lane.lock:
            return await self._with_state(lane, record, timestamp)

    async def _with_state(self, lane: _Lane, record: Record, timestamp: float) -> list[bytes]:
        assert self.work.spec.state is not None
        run = record.id.partition("-")[0]
        if run == lane.run and record.seq <= lane.seq:  # a repeat: its result is made, the memory is not touched
            return await self._pool.run(partial(self._fresh, record, timestamp, self.work.spec.state()))
        state = self.work.spec.state() if lane.state is None else lane.state
        # Taken out while in use: after an error or a time-out the next frame starts with a new one.
        lane.state, lane.run, lane.seq = None, run, record.seq
        try:
            results = await self._pool.run(partial(self._fresh, record, timestamp, state))
        except Skipped:
            lane.state = state
            raise
        lane.state = state
        return results

    def _fresh(self, record: Record, timestamp: float, state: Any = None) -> list[bytes]:
        if record.live and time.time() - timestamp > self._max_age_s:
            raise Skipped
        return self.work(record, state)


def _place(message: Message) -> tuple[str, int, int]:
    return message.topic, message.partition, message.offset
