"""Reads a topic with a consumer that joins no group and commits nothing: nobody else notices."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from functions.core.errors import one_of
from streams.kafka import topics
from streams.kafka.compacted import NoTopic
from streams.kafka.security import for_librdkafka
from streams.kafka.topics import DEAD_LETTER_BYTES, BusError
from streams.kafka.watermarks import watermarks
from streams.settings import Settings

_TIMEOUT_S = 10.0
_AT_ONCE, _WAIT_S = 100, 0.2
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
    """Reads one topic that is on the bus. Raises BusError, also while it reads."""

    def __init__(self, settings: Settings, topic: str) -> None:
        self.topic = topic
        try:
            known = topics.admin(settings).list_topics(timeout=_TIMEOUT_S).topics
            if topic not in known:
                names = sorted(name for name in known if not name.startswith("__"))
                raise NoTopic(f"Topic {topic}: expected {one_of(topic, names)}")
            self._client = Consumer(
                {
                    **for_librdkafka(settings),
                    "group.id": "imagebus.reader",  # required by the client, which never joins it
                    "enable.auto.commit": False,
                    "auto.offset.reset": "earliest",
                    "enable.partition.eof": True,  # offsets do not tell: the last of them may hold no record
                    "fetch.message.max.bytes": DEAD_LETTER_BYTES,
                    "log_level": 0,
                }
            )
            self.marks = watermarks(self._client, [(topic, each) for each in known[topic].partitions])
        except KafkaException as error:
            raise BusError(f"Topic {topic} cannot be read: {error.args[0].str()}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def coming(self, stop: Event) -> Iterator[Received]:
        """The messages that come from now on, until stopped."""
        self._client.assign([TopicPartition(*each, end) for each, (_, end) in self.marks.items()])
        while not stop.is_set():
            yield from self._some()

    def held(self, stop: Event) -> Iterator[Received]:
        """The messages that were there when it was opened, from the oldest on, until stopped."""
        unread = {partition for (_, partition), (first, end) in self.marks.items() if end > first}
        self._client.assign([TopicPartition(self.topic, each, self.marks[self.topic, each][0]) for each in unread])
        silent_since = time.monotonic()
        while unread and not stop.is_set():
            for message in self._some(unread):
                silent_since = time.monotonic()
                end = self.marks[self.topic, message.partition][1]
                if message.offset >= end - 1:
                    unread.discard(message.partition)
                if message.offset < end:
                    yield message
            if time.monotonic() - silent_since > _TIMEOUT_S:
                raise BusError(f"Topic {self.topic} cannot be read to its end: nothing came for {_TIMEOUT_S:g} s")

    def _some(self, unread: set[int] | None = None) -> Iterator[Received]:
        """What has come by now; a partition of which all has come leaves `unread`."""
        for message in self._client.consume(_AT_ONCE, _WAIT_S):
            error = message.error()
            if error is None:
                yield _received(message)
            elif error.code() == KafkaError._PARTITION_EOF and unread is not None:
                unread.discard(message.partition() or 0)
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
