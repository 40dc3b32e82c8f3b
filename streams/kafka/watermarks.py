"""Where partitions begin and end, asked by a client that reads nothing and is in no group.

AdminClient.list_offsets would ask for all at once, but while a partition's leader is away it dials that broker
twenty thousand times a second, which takes two cores from whoever is to take over.
"""

from __future__ import annotations

from collections.abc import Iterable

from confluent_kafka import Consumer, TopicPartition

from streams.kafka.security import for_librdkafka
from streams.settings import Settings

_TIMEOUT_S = 5.0
Place = tuple[str, int]


def asker(settings: Settings, group: str = "imagebus.marks") -> Consumer:
    """A client to ask with; it never subscribes, so it never joins `group`. Raises SettingError."""
    return Consumer({**for_librdkafka(settings), "group.id": group, "enable.auto.commit": False, "log_level": 0})


def marks(client: Consumer, partitions: Iterable[Place]) -> dict[Place, tuple[int, int]]:
    """First and next offset of each (topic, partition). Raises KafkaException where one does not answer in 5 s."""
    return {
        place: client.get_watermark_offsets(TopicPartition(*place), timeout=_TIMEOUT_S, cached=False)
        for place in partitions
    }
