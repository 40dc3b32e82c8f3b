"""A consumer that joins no group and commits nothing: it gets all there is, and nobody else notices it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer

from streams.kafka.security import for_librdkafka
from streams.settings import Settings


def lone_consumer(
    settings: Settings, options: Mapping[str, Any] | None = None, group: str = "imagebus.reader"
) -> Consumer:
    """A client that reads partitions which it is assigned, and asks for offsets, those committed by `group` too.

    `options` are the client's. Raises SettingError.
    """
    return without_group(for_librdkafka(settings), group, options or {})


def without_group(librdkafka: Mapping[str, Any], group: str, options: Mapping[str, Any]) -> Consumer:
    """The same for who has a configuration of librdkafka's already."""
    return Consumer(
        {
            **librdkafka,
            "group.id": group,  # required by the client, which never joins it
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "log_level": 0,
            **options,
        }
    )
