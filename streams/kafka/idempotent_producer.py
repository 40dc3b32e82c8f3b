"""A producer that writes no record twice and none out of order, when the broker goes and comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from confluent_kafka import Producer

from streams.kafka.partitioner import PARTITIONER
from streams.kafka.security import for_librdkafka
from streams.kafka.topics import TOPIC_BYTES
from streams.settings import Settings

# Requests that such a producer has under way, and records that it takes at a time: while more wait for a broker that is
# slow or hangs, librdkafka's thread does not wait, but takes a whole core.
MOST_IN_FLIGHT = 5


def idempotent_producer(settings: Settings, options: Mapping[str, Any]) -> Producer:
    """A client for records of frames; `options` are the client's. Raises SettingError.

    Its `produce` raises BufferError while `MOST_IN_FLIGHT` records are under way.
    """
    return Producer(
        {
            **for_librdkafka(settings),
            "partitioner": PARTITIONER,
            "acks": "all",
            "enable.idempotence": True,
            "message.max.bytes": TOPIC_BYTES,
            "queue.buffering.max.messages": MOST_IN_FLIGHT,
            "linger.ms": 0,
            "log_level": 0,
            **options,
        }
    )
