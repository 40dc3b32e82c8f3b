"""A producer that writes no record twice and none out of order, when the broker goes and comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from confluent_kafka import Producer

from streams.kafka.security import for_librdkafka
from streams.kafka.topics import TOPIC_BYTES
from streams.settings import Settings

# Requests that such a producer has under way. While more records than that wait for a broker that is slow or hangs,
# librdkafka's thread does not: it takes a whole core.
MOST_IN_FLIGHT = 5


def idempotent_producer(settings: Settings, options: Mapping[str, Any]) -> Producer:
    """A client for records of frames; `options` are the client's. Raises SettingError."""
    return Producer(
        {
            **for_librdkafka(settings),
            # The partition that Faust would choose: one source is never on two.
            "partitioner": "murmur2_random",
            "acks": "all",
            "enable.idempotence": True,
            "message.max.bytes": TOPIC_BYTES,
            "linger.ms": 0,
            "log_level": 0,
            **options,
        }
    )
