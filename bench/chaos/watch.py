"""Reads what comes out of a chain while faults go on, and notes of each record when it came and what it shows."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from confluent_kafka import Consumer, Message, TopicPartition

from bench.chaos import pictures
from bench.chaos.feed import Id, Place
from streams.wire import records
from tests.wait import wait_until


@dataclass
class Seen:
    """What came on one topic, by the broker's clock in seconds."""

    first: dict[Id, float] = field(default_factory=dict)
    order: dict[str, list[int]] = field(default_factory=dict)
    repeats: int = 0
    exposed: int = 0

    def add(self, found: Id, at: float) -> None:
        """One more; repeats are counted and change nothing else."""
        if found in self.first:
            self.repeats += 1
            return
        self.first[found] = at
        self.order.setdefault(found[0], []).append(found[1])


class Watch:
    """Follows a redacted topic and dead-letter topics from their beginning."""

    def __init__(
        self, url: str, output: str, dead_letters: Sequence[str], places: dict[Place, Id], source: str
    ) -> None:
        self.output, self.dead = Seen(), Seen()
        self._waiting: list[tuple[Place, float]] = []  # dead letters that came before the feed knew where they are
        self._topic, self._dead_letters = output, tuple(dead_letters)
        self._places, self._input = places, source
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._client = Consumer(
            {
                "bootstrap.servers": url,
                "group.id": "chaos-watch",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "reconnect.backoff.max.ms": 1000,
                "topic.metadata.refresh.interval.ms": 1000,
                "fetch.message.max.bytes": 8 * 1024 * 1024,
                "log_level": 0,
            }
        )

    def __enter__(self) -> Self:
        parts = [
            TopicPartition(name, part, 0) for name in (self._topic, *self._dead_letters) for part in self._of(name)
        ]
        self._client.assign(parts)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join(timeout=10)
        self._client.close()

    @property
    def seen(self) -> set[Id]:
        """Every record that is on the output or a dead letter."""
        for place, at in tuple(self._waiting):
            if found := self._places.get(place):
                self._waiting.remove((place, at))
                self.dead.add(found, at)
        return {*self.output.first.copy(), *self.dead.first.copy()}

    def _of(self, topic: str) -> list[int]:
        """The partitions of a topic that has just been made."""

        def partitions() -> list[int]:
            return list(self._client.list_topics(topic, timeout=10).topics[topic].partitions)

        return wait_until(partitions, 20, f"partitions of {topic}")

    def _read(self) -> None:
        while not self._enough.is_set():
            for message in self._client.consume(100, timeout=0.1):
                if message.error() is None:
                    self._take(message)

    def _take(self, message: Message) -> None:
        at = message.timestamp()[1] / 1000
        if message.topic() == self._topic:
            record = records.decode(message.value())
            self.output.add((record.source, record.seq), at)
            self.output.exposed += pictures.shows_a_person(record.jpeg)
            return
        headers = dict(message.headers())
        if headers["topic"].decode() == self._input:
            self._waiting.append(((int(headers["partition"]), int(headers["offset"])), at))
        else:
            record = records.decode(message.value())
            self.dead.add((record.source, record.seq), at)
