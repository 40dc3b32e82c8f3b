"""Records for programs of your own: `for`, or `async for`, `record in read("REDACTION_FRAME")`, and a `Writer`.

Both find the bus and the chain file as every command does, by `KAFKA_URL` and `IMAGEBUS_CHAIN`.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from itertools import count
from threading import Event
from types import TracebackType
from typing import Self

from functions.core.frame import Frame
from streams import settings
from streams.chain.check import checked
from streams.outputs.reader import Received, TopicReader
from streams.outputs.writer import TopicWriter
from streams.runtime.logs import Seldom
from streams.wire import records
from streams.wire.alerts import Alert, Summary
from streams.wire.cameras import CameraState, DrawnZones
from streams.wire.counts import Counted, WireVisit
from streams.wire.names import why_no_name
from streams.wire.reading import record_of
from streams.wire.records import Record, RecordError

AnyRecord = Frame | WireVisit | Counted | CameraState | DrawnZones | Alert | Summary
__all__ = ["AnyRecord", "Records", "Writer", "read"]


def read(topic: str) -> Records:
    """The records that come on a topic from now on: frames, or what VISITS, COUNTS, CAMERAS, ZONES and ALERTS hold.

    Joins no group, so that every reader gets all. Raises UsageError for settings that do not fit, a topic that is not
    there, and a bus that refuses.
    """
    return Records(topic)


class Records:
    """The records of one topic, to be read once, by `for` or by `async for`.

    What does not fit the wire format is left out, and said in the log.
    """

    def __init__(self, topic: str) -> None:
        conf = settings.load()
        self._max_bytes = conf.max_record_bytes
        self._reader = TopicReader(conf, topic)
        self._seldom = Seldom(logging.getLogger(__name__))

    def __iter__(self) -> Iterator[AnyRecord]:
        with self._reader as reader:
            for message in reader.coming(Event()):
                yield from self._checked(message)

    async def __aiter__(self) -> AsyncIterator[AnyRecord]:
        self._reader.begin_at_the_end()
        look: asyncio.Task[list[Received]] | None = None
        try:
            while True:
                look = asyncio.create_task(asyncio.to_thread(self._reader.poll))
                for message in await asyncio.shield(look):
                    for record in self._checked(message):
                        yield record
        finally:
            if look:  # a look takes a fifth of a second, and nothing may be closed under it
                await asyncio.wait([look])
            self._reader.close()

    def _checked(self, message: Received) -> Iterable[AnyRecord]:
        try:
            record = record_of(message, self._max_bytes)
        except RecordError as error:
            place = f"{message.topic}@{message.partition}/{message.offset}"
            fields = {"topic": message.topic, "partition": message.partition, "offset": message.offset}
            self._seldom.warning(message.topic, f"{place} cannot be read: {error}", fields)
            return ()
        if record is None:  # a camera that was removed
            return ()
        return (records.to_frame(record) if isinstance(record, Record) else record,)


class Writer:
    """Writes frames to a topic that is not redacted; at the end of its `with` block all are on the bus.

    A frame that was made here, by `Frame.from_image`, gets the next number of this writer's run, and the time. Raises
    UsageError for a topic that may not be written, RecordError for a frame that does not fit the wire format.
    """

    def __init__(self, topic: str) -> None:
        conf = settings.load()
        self._max_bytes = conf.max_record_bytes
        self._topic = TopicWriter(conf, checked(conf), topic)
        self._run, self._numbers = secrets.token_hex(6), count()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._topic.flush()

    def write(self, frame: Frame) -> None:
        """Hand a frame over; waits only while many are under way."""
        if why := why_no_name(frame.source):
            raise RecordError(f"Source: {why}")
        value = records.encode(records.from_frame(self._numbered(frame)), self._max_bytes)
        self._topic.write(frame.source.encode(), value)

    async def send(self, frame: Frame) -> None:
        """Write a frame, and come back when it is on the bus."""
        await asyncio.to_thread(self._send, frame)

    def _send(self, frame: Frame) -> None:
        self.write(frame)
        self._topic.flush()

    def _numbered(self, frame: Frame) -> Frame:
        if frame.id != Frame.id:
            return frame
        seq = next(self._numbers)
        return replace(frame, id=f"{self._run}-{seq}", seq=seq, captured_at=frame.captured_at or time.time_ns() // 1000)
