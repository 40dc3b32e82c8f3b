"""Reads a topic with a consumer that joins no group and commits nothing: nobody else notices."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Event
from types import TracebackType
from typing import Any, Self

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from functions.core.errors import one_of
from streams.kafka import topics
from streams.kafka.compacted import NoTopic
from streams.kafka.lone_consumer import lone_consumer
from streams.kafka.partitioner import partition_of
from streams.kafka.topics import DEAD_LETTER_BYTES, BusError
from streams.kafka.watermarks import watermarks
from streams.settings import Settings

_TIMEOUT_S = 10.0
_AT_ONCE, _WAIT_S = 32, 0.2
_WAITING = 32  # messages of a partition, before it is paused
# Whatever else a client reports passes by itself.
_FINAL = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
    }
)


@dataclass(slots=True)
class Received:
    """A Kafka message as it was read; `timestamp` in seconds since the epoch, by Kafka."""

    topic: str
    partition: int
    offset: int
    timestamp: float
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


class TopicReader:
    """Reads one topic that is on the bus, if that answers within `ask_s`. Raises BusError, also while it reads.

    With a `source` it reads the partition of that source only; `options` are the client's. `away` says why nothing
    comes while no broker can be reached.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        ask_s: float = _TIMEOUT_S,
        source: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.topic = topic
        self.away = ""
        self._silent_polls = 0
        try:
            cluster = topics.admin(settings).list_topics(timeout=ask_s)
            known, self._finds_times = cluster.topics, not topics.is_embedded(cluster)
            if topic not in known:
                names = sorted(name for name in known if not name.startswith("__"))
                raise NoTopic(f"Topic {topic}: expected {one_of(topic, names)}")
            self._client = lone_consumer(
                settings,
                {
                    "enable.partition.eof": True,  # offsets do not tell: the last of them may hold no record
                    "fetch.message.max.bytes": DEAD_LETTER_BYTES,
                    **(options or {}),
                },
            )
            partitions = list(known[topic].partitions)
            if source is not None:
                partitions = [partition_of(source, len(partitions))]
            self.marks = watermarks(self._client, [(topic, each) for each in partitions])
        except KafkaException as error:
            raise BusError(f"Topic {topic} cannot be read: {error.args[0].str()}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Read no more."""
        self._client.close()

    def coming(self, stop: Event) -> Iterator[Received]:
        """The messages that came since it was opened, until stopped."""
        self.begin_at_the_end()
        while not stop.is_set():
            yield from self.poll()

    def begin_at_the_end(self) -> None:
        """Have `poll` give what came since it was opened."""
        self.begin_at({partition: end for (_, partition), (_, end) in self.marks.items()})

    def begin_at(self, offsets: Mapping[int, int]) -> None:
        """Have `poll` give what is there from these offsets on, by partition."""
        self._client.assign([TopicPartition(self.topic, *each) for each in offsets.items()])

    def poll(self) -> list[Received]:
        """What has come; waits a moment for it."""
        return [*self._some()]

    def held(self, stop: Event) -> Iterator[Received]:
        """The messages that were there when it was opened, from the oldest on, until stopped."""
        unread = self._assign_all({})
        while unread and not stop.is_set():
            yield from self._more(unread)

    def between(self, since: float, until: float, stop: Event) -> Iterator[Received]:
        """Those of them from `since` to before `until` (seconds since the epoch), all partitions in order of time.

        Some of each partition wait in memory, at most 64.
        """
        unread = self._assign_all(self._offsets_at(since))
        waiting: dict[int, deque[Received]] = {partition: deque() for partition in unread}
        paused: set[int] = set()

        def fetch() -> None:
            wanted = {each for each in unread if len(waiting[each]) < _WAITING}
            self._client.pause([TopicPartition(self.topic, each) for each in waiting.keys() - wanted - paused])
            self._client.resume([TopicPartition(self.topic, each) for each in wanted & paused])
            paused.update(waiting)
            paused.difference_update(wanted)
            for message in self._more(unread):
                if message.timestamp >= until:
                    unread.discard(message.partition)
                elif message.timestamp >= since:
                    waiting[message.partition].append(message)

        def of(partition: int) -> Iterator[Received]:
            while not stop.is_set() and (waiting[partition] or partition in unread):
                if waiting[partition]:
                    yield waiting[partition].popleft()
                else:
                    fetch()

        yield from heapq.merge(*map(of, waiting), key=lambda each: each.timestamp)

    def _assign_all(self, firsts: Mapping[int, int]) -> set[int]:
        """Begin at these offsets, elsewhere at the oldest message; the partitions that hold any."""
        held = {partition: first for (_, partition), (first, end) in self.marks.items() if end > first}
        self._client.assign([TopicPartition(self.topic, each, firsts.get(each, first)) for each, first in held.items()])
        return set(held)

    def _offsets_at(self, moment: float) -> dict[int, int]:
        """The first offset from that time on of each partition, its end where none is; an embedded broker has none."""
        if not self._finds_times:
            return {}
        asked = [TopicPartition(*each, round(moment * 1000)) for each in self.marks]
        try:
            found = self._client.offsets_for_times(asked, timeout=_TIMEOUT_S)
        except KafkaException as error:
            raise BusError(f"Topic {self.topic} cannot be read: {error.args[0].str()}") from None
        ends = {partition: end for (_, partition), (_, end) in self.marks.items()}
        return {each.partition: each.offset if each.offset >= 0 else ends[each.partition] for each in found}

    def _more(self, unread: set[int]) -> Iterator[Received]:
        """What has come of what was there at the beginning; a partition of which all has come leaves `unread`."""
        came = False
        for message in self._some(unread):
            came = True
            end = self.marks[self.topic, message.partition][1]
            if message.offset >= end - 1:
                unread.discard(message.partition)
            if message.offset < end:
                yield message
        self._silent_polls = 0 if came else self._silent_polls + 1
        if self._silent_polls * _WAIT_S > _TIMEOUT_S:
            raise BusError(f"Topic {self.topic} cannot be read to its end: nothing came for {_TIMEOUT_S:g} s")

    def _some(self, unread: set[int] | None = None) -> Iterator[Received]:
        """What has come by now; a partition that is at its end leaves `unread`."""
        # In two steps, since one would wait for the last of so many.
        for message in (*self._client.consume(1, _WAIT_S), *self._client.consume(_AT_ONCE - 1, 0)):
            error = message.error()
            if error is None:
                self.away = ""
                yield _received(message)
            elif error.code() == KafkaError._PARTITION_EOF and unread is not None:
                unread.discard(message.partition() or 0)
            elif error.code() == KafkaError._ALL_BROKERS_DOWN:
                self.away = f"Topic {self.topic} cannot be read: {error.str()}"
            elif error.code() in _FINAL:
                raise BusError(f"Topic {self.topic} cannot be read: {error.str()}")


def _received(message: Message) -> Received:
    return Received(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1] / 1000,
        message.key(),
        message.value(),
        tuple(message.headers() or ()),  # type: ignore[arg-type]
    )
