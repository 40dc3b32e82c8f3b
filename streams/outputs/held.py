"""Frames of one source that a topic still holds, found by when they were captured."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator
from itertools import takewhile
from threading import Event
from types import TracebackType
from typing import NamedTuple, Self

from functions.core.errors import UsageError
from streams.outputs.reader import Received, TopicReader
from streams.settings import Settings
from streams.wire.reading import record_of, refuse_raw
from streams.wire.records import Record, RecordError

_ASK_S = 3.0
# Little beyond what is looked at is fetched, and without pauses: a client whose queue is full makes one of a second, an
# embedded broker one of as long as it may wait for more.
_SPARING = {
    "fetch.message.max.bytes": 1 << 20,
    "queued.max.messages.kbytes": 2048,
    "fetch.queue.backoff.ms": 10,
    "fetch.wait.max.ms": 20,
}
# Kafka finds records by when they came. Frames come within so long of their capture, or a clock differs.
_SOON_S, _MARGIN_S = 5.0, 1.0
# How far before a time frames are looked for: those that tell how late they come, and the last one before it.
_PROBES_S, _BACK_S = (0.0, 10.0, 100.0, 1000.0, math.inf), (2.0, 30.0, 300.0, math.inf)


class Bounds(NamedTuple):
    """How much may be read, and for how long, to answer one question."""

    bytes: int
    seconds: float


class BeyondBounds(UsageError):
    """What is asked for would take more than the bounds allow."""


class _Came(NamedTuple):
    at: float  # seconds since the epoch, by Kafka
    record: Record


class HeldFrames:
    """Reads the partition of one source; of a `redacted` topic nothing that no redactor has seen.

    What cannot be read is left out. Times are µs since the epoch. Raises BusError, and BeyondBounds while it reads.
    """

    def __init__(self, settings: Settings, topic: str, source: str, redacted: bool, bounds: Bounds) -> None:
        self._max_bytes = settings.max_record_bytes
        self._source, self._redacted, self._bounds = source, redacted, bounds
        self._bytes, self._ends_at = 0, time.monotonic() + bounds.seconds
        self._reader = TopicReader(settings, topic, _ASK_S, source, _SPARING)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._reader.close()

    def since(self, at: int) -> Iterator[Record]:
        """The frames captured at that time and later, in the order in which they came."""
        return (came.record for came in self._coming(self._begins_s(at)) if came.record.captured_at >= at)

    def before(self, at: int) -> Record | None:
        """The last frame that was captured before that time, None where none is held."""
        begins_s = self._begins_s(at)
        for back_s in _BACK_S:
            earlier = takewhile(lambda came: came.record.captured_at < at, self._coming(begins_s - back_s))
            if last := deque(earlier, maxlen=1):
                return last[0].record
        return None

    def _begins_s(self, at: int) -> float:
        """When, by Kafka, the first of the frames came that were captured at that time or later; or a little sooner."""
        at_s = at / 1e6
        for back_s in _PROBES_S:
            if came := next(self._coming(at_s - back_s), None):
                if not came.record.live:  # the stamps of a file, which goes faster than any clock
                    return 0.0
                lag_s = came.at - came.record.captured_at / 1e6
                return at_s if 0 <= lag_s <= _SOON_S else at_s + lag_s - _MARGIN_S
        return at_s

    def _coming(self, since_s: float) -> Iterator[_Came]:
        for message in self._reader.between(max(0.0, since_s), math.inf, Event()):
            self._spend(message)
            if (record := self._read(message)) is not None:
                yield _Came(message.timestamp, record)

    def _read(self, message: Received) -> Record | None:
        if message.key != self._source.encode():
            return None
        try:
            record = record_of(message, self._max_bytes)
            if not isinstance(record, Record):
                return None
            if self._redacted:
                refuse_raw(record)
        except RecordError:
            return None
        return record

    def _spend(self, message: Received) -> None:
        self._bytes += len(message.value or b"")
        if self._bytes > self._bounds.bytes or time.monotonic() > self._ends_at:
            most = f"{self._bounds.bytes >> 20} MiB and {self._bounds.seconds:g} s"
            raise BeyondBounds(f"{self._source}: expected what can be found within {most} of reading, got more")
