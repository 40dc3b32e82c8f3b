"""Reads a compacted topic: from its beginning to its end, then what comes; without a consumer group."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from confluent_kafka import OFFSET_BEGINNING, KafkaError, KafkaException, Message, TopicPartition

from streams.kafka.lone_consumer import lone_consumer
from streams.kafka.topics import BusError
from streams.settings import Settings

_TIMEOUT_S = 5.0
_BATCH, _POLL_S, _LOOK_EVERY_S = 200, 0.1, 2.0


class NoTopic(BusError):
    """The topic does not exist, or is not the one any more that was read."""


@dataclass(frozen=True)
class Keyed:
    """A record; `age_s` as it was read, `is_new`: it came after the reader was at the topic's end."""

    key: bytes | None
    value: bytes | None
    age_s: float
    is_new: bool


class CompactedTopic:
    """A reader of all partitions of one topic. Raises NoTopic, and KafkaException without a broker."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.name = name
        self._look_at = 0.0
        self._client = lone_consumer(
            settings,
            {
                "enable.partition.eof": True,  # offsets do not tell: a record, or a transaction's mark, may be gone
                "fetch.wait.max.ms": 100,  # an embedded broker answers one that waits no sooner, whatever comes
                "isolation.level": "read_uncommitted",  # a transaction that stays open would hide what comes after it
            },
        )
        try:
            self._begin()
        except BaseException:
            self._client.close()
            raise

    def _begin(self) -> None:
        self._next: dict[int, int] = dict.fromkeys(self._partitions(), 0)
        self._unread = set(self._next)
        self._client.assign([TopicPartition(self.name, partition, OFFSET_BEGINNING) for partition in self._next])

    def _partitions(self) -> Iterable[int]:
        topic = self._client.list_topics(self.name, timeout=_TIMEOUT_S).topics.get(self.name)
        if topic and topic.error and topic.error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            raise KafkaException(topic.error)
        if topic is None or topic.error or not topic.partitions:  # an embedded broker makes it when it is asked
            raise NoTopic(f"nobody has written to {self.name} on this bus yet: there is no such topic")
        return list(topic.partitions)

    def look(self) -> None:
        """Ask for the topic every 2 s, as nobody tells a reader. Raises NoTopic where it is gone, or was made anew."""
        if (now := time.monotonic()) < self._look_at:
            return
        self._look_at = now + _LOOK_EVERY_S
        for partition in self._partitions():
            _, high = self._client.get_watermark_offsets(TopicPartition(self.name, partition), timeout=_TIMEOUT_S)
            if high < self._next.get(partition, 0):
                raise NoTopic(f"{self.name} was made anew")

    def close(self) -> None:
        """Read no more."""
        self._client.close()

    def to_its_end(self) -> Iterator[Keyed]:
        """All that was there at the beginning. Raises KafkaException where nothing more of it comes for 5 s."""
        end = time.monotonic() + _TIMEOUT_S
        while self._unread:
            for record in self.poll(_POLL_S):
                end = time.monotonic() + _TIMEOUT_S
                yield record
            if time.monotonic() > end:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"{self.name} has no end"))

    def poll(self, timeout_s: float = 0.0) -> list[Keyed]:
        """What has come; waits for it up to that time."""
        records = []
        for message in self._client.consume(_BATCH, timeout_s):
            if error := message.error():
                if error.code() == KafkaError._PARTITION_EOF:
                    self._unread.discard(message.partition() or 0)
            else:
                records.append(self._read(message))
        return records

    def _read(self, message: Message) -> Keyed:
        partition = message.partition() or 0
        self._next[partition] = (message.offset() or 0) + 1
        age_s = time.time() - message.timestamp()[1] / 1000
        return Keyed(_bytes(message.key()), _bytes(message.value()), age_s, partition not in self._unread)


def _bytes(part: str | bytes | None) -> bytes | None:
    return part.encode() if isinstance(part, str) else part
