"""A stage: one function between two topics. Keeps each source's order, and acks what is on the bus, nothing else."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from functions.frame import Frame
from streams import records
from streams.failure import Failed, text_of
from streams.lanes import Lane, Memory
from streams.logs import Seldom
from streams.pool import Pool, TookTooLong
from streams.records import RecordError
from streams.suspects import Suspects
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


@dataclass(frozen=True)
class Outcome:
    """What became of one message: results to publish, or the reason for its dead letter."""

    results: tuple[bytes, ...] = ()
    reason: str = ""
    last: str = ""  # why this process can do no other


class Stage:
    """Turns messages into outcomes; `counts` says how many came to what."""

    def __init__(self, work: Work, pool: Pool, max_age_s: float) -> None:
        self.work = work
        self.counts: Counter[str] = Counter()
        self.suspects = Suspects()
        self._pool = pool
        self._max_age_s = max_age_s
        self._lanes: dict[str, Lane] = {}
        self._seldom = Seldom(log)

    async def outcome(self, message: Message, is_surplus: Callable[[], bool] = lambda: False) -> Outcome:
        """What becomes of a message. Never raises: an error of the record is an outcome, too.

        A live source's message that is surplus when its turn comes is skipped, as if it were too old.
        """
        try:
            self.suspects.refuse(message)
            results = await self._results(self._read(message), message, is_surplus)
        except Skipped:
            self.counts["skipped"] += 1
            return Outcome()
        except Exception as error:
            self.counts["dead"] += 1
            reason = text_of(error)
            self._tell_dead(message, reason)
            return Outcome(reason=reason, last=self._why_last(error))
        self.counts["done"] += 1
        return Outcome(tuple(results))

    def _why_last(self, error: Exception) -> str:
        if isinstance(error, TookTooLong) and self._pool.all_hang:
            return "all its threads hang in its function"
        no_memory = isinstance(error, MemoryError) or (isinstance(error, Failed) and error.no_memory)
        return "its process has no memory left" if no_memory else ""

    def missed(self, message: Message, count: int) -> None:
        """Take down that so many records before this one were deleted unread."""
        self.counts["expired"] += count
        text = "Stage %s: %d records before %s@%d/%d expired unread"
        log.warning(text, self.work.stage, count, *_place(message), extra={"fields": self._fields(message)})

    def forget(self) -> None:
        """Drop what was remembered of all sources: other workers may have had them meanwhile."""
        self._lanes.clear()

    def _tell_dead(self, message: Message, reason: str) -> None:
        topic, partition, offset = _place(message)
        text = f"Stage {self.work.stage}: {topic}@{partition}/{offset} is a dead letter: {reason}"
        self._seldom.warning(reason, text, self._fields(message) | {"reason": reason})

    def _fields(self, message: Message) -> dict[str, str | int]:
        topic, partition, offset = _place(message)
        return {"stage": self.work.stage, "topic": topic, "partition": partition, "offset": offset}

    def _read(self, message: Message) -> Frame:
        record = records.decode(message.value or b"", self.work.max_record_bytes)
        key = None if message.key is None else message.key.decode(errors="replace")
        if key != record.source:
            raise RecordError(f"Expected the message key {record.source!r} (its source), got {key!r}")
        return records.to_frame(record)

    async def _results(self, frame: Frame, message: Message, is_surplus: Callable[[], bool]) -> list[bytes]:
        def call(memory: Memory = ()) -> Awaitable[list[bytes]]:
            return self._pool.run(frame.source, partial(self._fresh, frame, message, is_surplus, memory))

        if self.work.spec.state is None:
            return await call()
        if frame.source not in self._lanes:
            self._lanes[frame.source] = Lane(self.work.spec.state, self.work.window_s)
        return await self._lanes[frame.source].run(frame, call)

    def _fresh(self, frame: Frame, message: Message, is_surplus: Callable[[], bool], memory: Memory) -> list[bytes]:
        if frame.live and (time.time() - message.timestamp > self._max_age_s or is_surplus()):
            raise Skipped
        with self.suspects.at_work(message):
            try:
                return self.work(frame, *memory)
            except Skipped as error:  # a function does not decide that
                raise Failed(f"Skipped: {error}") from None


def _place(message: Message) -> tuple[str, int, int]:
    return message.topic, message.partition, message.offset
