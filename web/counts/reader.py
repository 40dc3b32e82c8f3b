"""Visitor counts: read from the beginning of their topic, kept in memory, and written as CSV."""

from __future__ import annotations

import asyncio
import csv
import io
import logging
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import takewhile

import msgspec
from confluent_kafka import OFFSET_BEGINNING, KafkaException, Message, TopicPartition
from mode import Service
from msgspec import Struct

from streams.kafka.lone_consumer import lone_consumer
from streams.runtime.logs import Seldom
from streams.settings import Settings
from streams.wire.counts import COUNTS, Counted, decode
from streams.wire.records import RecordError

# Hours of a month for 25 cameras; beyond that the windows that began first are dropped.
MAX_WINDOWS = 20_000

Key = tuple[str, int, str | None]


class _News(Struct, frozen=True, tag_field="say", tag="counts"):
    records: list[Counted]


class LatestCounts:
    """The newest counts; `number` grows with every change."""

    def __init__(self, max_windows: int = MAX_WINDOWS) -> None:
        self.number = 0
        self._max_windows = max_windows
        self._newest: dict[Key, tuple[int, Counted]] = {}  # in order of change

    def put(self, record: Counted) -> None:
        """Store a record in place of the one of the same window and source."""
        self.number += 1
        key = (record.window, record.starts_at, record.source)
        self._newest.pop(key, None)
        self._newest[key] = self.number, record
        if len(self._newest) > self._max_windows:
            del self._newest[min(self._newest, key=lambda key: (key[0] == "running", key[1]))]

    def since(self, number: int) -> list[Counted]:
        """The counts that changed after this number."""
        newer = takewhile(lambda each: each[0] > number, reversed(self._newest.values()))
        return [record for _, record in newer]

    def message(self, number: int) -> str:
        """The websocket message with the counts that changed after this number."""
        return msgspec.json.encode(_News(self.since(number))).decode()


_seldom = Seldom(logging.getLogger(__name__))
_RETRY_S = 1.0
_ANSWER_S = 3.0
_AT_ONCE, _WAIT_S = 500, 0.5


class CountsReader(Service):
    """Reads every record of the topic into `counts`, with a consumer of its own, since Faust's starts at the newest.

    A topic that does not exist, or may not be read, is tried again and delays nothing else.
    """

    def __init__(self, settings: Settings, counts: LatestCounts) -> None:
        super().__init__()
        self._counts = counts
        self._consumer = lone_consumer(
            settings, {"error_cb": lambda error: None}
        )  # BrokerWait says whether the broker answers

    @Service.task
    async def _read(self) -> None:
        while not self.should_stop and not (partitions := await asyncio.to_thread(self._partitions)):
            await self.sleep(_RETRY_S)
        if not self.should_stop:
            self._consumer.assign([TopicPartition(COUNTS, each, OFFSET_BEGINNING) for each in partitions])
        while not self.should_stop:
            for message in await asyncio.to_thread(self._consumer.consume, _AT_ONCE, _WAIT_S):
                self._take(message)

    def _partitions(self) -> list[int]:
        try:
            # Asking for one topic by name could create it on some brokers, with the wrong configuration.
            topic = self._consumer.list_topics(timeout=_ANSWER_S).topics.get(COUNTS)
        except KafkaException:
            return []
        return list(topic.partitions) if topic else []

    def _take(self, message: Message) -> None:
        if error := message.error():
            _seldom.warning(error.str(), f"{COUNTS}: {error.str()}", {"topic": COUNTS})
            return
        try:
            self._counts.put(decode(message.value(), Counted))
        except RecordError as error:
            _seldom.warning(str(error), f"{COUNTS}: {error}", {"topic": COUNTS})


COLUMNS = ("window", "starts_at", "ends_at", "source", "visitors", "unique", "updated_at", "restarted_at")
# What a spreadsheet takes for a formula, full-width forms included: at the beginning of a cell, and behind whatever
# another country's spreadsheet takes for the end of one.
_FORMULA = re.compile(r"""(^\s*|[;,\t\r\n"])(?=[=+@\uff1d\uff0b\uff0d\uff20-])""")


def as_csv(counts: Iterable[Counted]) -> str:
    """One row for each window and source, in order of time (UTC); an empty source means all sources."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(map(_cells, sorted(counts, key=lambda each: (each.window, each.starts_at, each.source or ""))))
    return text.getvalue()


def _cells(record: Counted) -> Iterator[str | int]:
    for column in COLUMNS:
        value = getattr(record, column)
        if value is None:
            yield ""
        elif column.endswith("_at"):
            yield _time(value)
        else:
            yield cell(value) if isinstance(value, str) else value


def cell(text: str) -> str:
    """A text that is no formula to a spreadsheet: names of sources come from anybody."""
    return _FORMULA.sub(r"\1'", text)


def _time(us: int) -> str | int:
    try:
        return datetime.fromtimestamp(us // 1_000_000, UTC).isoformat()
    except (OverflowError, ValueError, OSError):  # beyond the range of datetime
        return us
