"""Watermarks of partitions, asked by a consumer.

AdminClient.list_offsets reconnects 20,000 times a second while a partition's leader is away.
"""

from __future__ import annotations

from collections.abc import Iterable

from confluent_kafka import Consumer, TopicPartition

_TIMEOUT_S = 5.0
Partition = tuple[str, int]  # topic and number


def watermarks(client: Consumer, partitions: Iterable[Partition]) -> dict[Partition, tuple[int, int]]:
    """First and next offset of each partition. Raises KafkaException where a broker does not answer in 5 s."""
    return {
        each: client.get_watermark_offsets(TopicPartition(*each), timeout=_TIMEOUT_S, cached=False)
        for each in partitions
    }
