"""Writes frames to topics for raw pictures: what no stage writes never goes to a redacted one."""

from __future__ import annotations

from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException, Message

from functions.core.errors import UsageError
from streams.chain.check import NUMBERS
from streams.chain.types import DEAD_LETTERS, Chain
from streams.kafka import topics
from streams.kafka.idempotent_producer import idempotent_producer
from streams.kafka.topics import BusError
from streams.settings import Settings

_ACKNOWLEDGED_S = 30.0
_POLL_S = 0.1


class TopicWriter:
    """Writes to one topic, which it makes where it is not there; `acknowledged` records are on the bus.

    Raises UsageError for one that is redacted or not for frames, BusError where a record is not taken within 30 s.
    """

    def __init__(self, settings: Settings, chain: Chain, topic: str) -> None:
        _check(chain, topic)
        self.topic = topic
        self.acknowledged = 0
        self._refused: KafkaError | None = None
        topics.make(topics.admin(settings), [topics.plan(settings, chain, topic)])
        self._client = idempotent_producer(settings, {"message.timeout.ms": int(_ACKNOWLEDGED_S * 1000)})

    def write(self, key: bytes | None, value: bytes, headers: Mapping[str, bytes] | None = None) -> None:
        """Hand one record over; blocks while many are under way."""
        while True:
            self._raise_refused()
            try:
                self._client.produce(self.topic, value, key, headers=dict(headers or {}), on_delivery=self._delivered)
            except BufferError:
                self._client.poll(_POLL_S)
            except KafkaException as error:
                raise BusError(f"{self.topic} takes no record: {error.args[0].str()}") from None
            else:
                self._client.poll(0)
                return

    def flush(self) -> None:
        """Wait until all that was written is on the bus."""
        self._client.flush()
        self._raise_refused()

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        self.acknowledged += error is None
        self._refused = self._refused or error

    def _raise_refused(self) -> None:
        if self._refused:
            raise BusError(f"{self.topic} takes no record: {self._refused.str()}")


def _check(chain: Chain, topic: str) -> None:
    if chain.redacted(topic):
        raise UsageError(f"Topic {topic}: expected a topic for raw pictures, got one that holds only redacted ones")
    if topic in NUMBERS:
        raise UsageError(f"Topic {topic}: expected a topic of frames, got one of numbers")
    if topic.startswith(DEAD_LETTERS):
        raise UsageError(f"Topic {topic}: expected a topic of frames, got one of dead letters")
