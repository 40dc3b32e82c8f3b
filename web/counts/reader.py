"""Reads the topic of counts from its beginning, so that a restarted viewer has the days before as well."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, TopicPartition
from mode import Service

from streams.kafka.security import for_librdkafka
from streams.runtime.logs import Seldom
from streams.settings import Settings
from streams.wire.counts import COUNTS, Counted, decode
from streams.wire.records import RecordError
from web.counts.latest import LatestCounts

_seldom = Seldom(logging.getLogger(__name__))
_RETRY_S = 1.0
_ANSWER_S = 3.0
_AT_ONCE, _WAIT_S = 500, 0.5


class CountsReader(Service):
    """Puts every record of the topic into `counts`.

    A consumer of its own, since Faust's starts at the newest record. The topic may not exist, or be forbidden to the
    viewer's user: both are retried without delaying anything else.
    """

    def __init__(self, settings: Settings, counts: LatestCounts) -> None:
        super().__init__()
        self._counts = counts
        own: dict[str, Any] = {
            "group.id": "imagebus.viewer",  # required by the client; nothing is committed
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "log_level": 0,
        }
        self._consumer = Consumer({**for_librdkafka(settings), **own}, error_cb=_ignore)

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


def _ignore(error: object) -> None:
    """`BrokerWait` says whether the broker answers."""
