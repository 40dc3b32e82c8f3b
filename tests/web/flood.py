"""Writes records as fast as a broker takes them."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count

from confluent_kafka import Producer

from tests import bus


def flood(url: str, topic: str, value: Callable[[int], tuple[str, bytes]], records: int = 0, for_s: float = 0.0) -> int:
    """Write so many records, or for so long; `value` gives the key and the record of a number. How many there were."""
    client, end = bus.producer(url), time.monotonic() + for_s
    for number in count():
        if number == records if records else time.monotonic() > end:
            break
        _put(client, topic, *value(number))
    left = client.flush(60)
    assert not left, f"Expected the broker to take every record, {left} are left"
    return number


def _put(client: Producer, topic: str, key: str, value: bytes) -> None:
    while True:
        try:
            client.produce(topic, value, key)
        except BufferError:
            client.poll(0.05)
        else:
            client.poll(0)
            return
