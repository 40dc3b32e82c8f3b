"""Topics of numbers that are read from their beginning, since Faust's consumer starts at the newest record."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from confluent_kafka import OFFSET_BEGINNING, KafkaException, Message, TopicPartition
from mode import Service

from streams.kafka.lone_consumer import lone_consumer
from streams.runtime.logs import Seldom
from streams.settings import Settings
from streams.wire.records import RecordError

_seldom = Seldom(logging.getLogger(__name__))
_RETRY_S = 1.0
_ANSWER_S = 3.0
_AT_ONCE, _WAIT_S = 500, 0.5


class KeptTopics(Service):
    """Hands every value of each topic to what takes it, by one consumer of its own.

    A topic that does not exist, or may not be read, is tried again and delays nothing else.
    """

    mundane_level = "debug"

    def __init__(self, settings: Settings, takes: Mapping[str, Callable[[bytes | None], None]]) -> None:
        super().__init__()
        self._takes = takes
        self._there: frozenset[str] | None = None
        self._consumer = lone_consumer(
            settings, {"error_cb": lambda error: None}
        )  # BrokerWait says whether the broker answers

    def has(self, topic: str) -> bool | None:
        """Whether the topic is there and may be read, None until the bus has answered."""
        return None if self._there is None else topic in self._there

    @Service.task
    async def _read(self) -> None:
        look_at = 0.0
        while not self.should_stop:
            if not all(map(self.has, self._takes)) and (now := time.monotonic()) >= look_at:
                look_at = now + _RETRY_S
                await asyncio.to_thread(self._look)
            for message in await asyncio.to_thread(self._consumer.consume, _AT_ONCE, _WAIT_S):
                self._take(message)

    def _look(self) -> None:
        """Begin to read the topics that have come to be."""
        try:
            # Asking for one topic by name could create it on some brokers, with the wrong configuration.
            topics = self._consumer.list_topics(timeout=_ANSWER_S).topics
        except KafkaException:
            return
        before = self._there or frozenset()
        new = [name for name in self._takes if name not in before and name in topics and topics[name].partitions]
        if new:
            places = [TopicPartition(name, each, OFFSET_BEGINNING) for name in new for each in topics[name].partitions]
            self._consumer.incremental_assign(places)
        self._there = before.union(new)

    def _take(self, message: Message) -> None:
        topic = message.topic() or ""
        try:
            if error := message.error():
                raise RecordError(error.str())
            value = message.value()
            self._takes[topic](value.encode() if isinstance(value, str) else value)
        except RecordError as error:
            _seldom.warning(f"{topic}: {error}", f"{topic}: {error}", {"topic": topic})
