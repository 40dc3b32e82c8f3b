"""Reads a topic with a consumer that joins no group and commits nothing: nobody else notices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from functions.core.errors import one_of
from streams.kafka import topics
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
                raise BusError(f"Topic {topic}: expected {one_of(topic, names)}")
            self._client = Consumer(
                {
                    **for_librdkafka(settings),
                    "group.id": "imagebus.reader",  # required by the client, which never joins it
                    "enable.auto.commit": False,
                    "auto.offset.reset": "earliest",
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

    def _some(self) -> Iterator[Received]:
        for message in self._client.consume(_AT_ONCE, _WAIT_S):
            error = message.error()
            if error is None:
                yield _received(message)
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
