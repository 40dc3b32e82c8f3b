"""Sources that write at a steady pace whatever befalls the brokers, and know of each record when it was written."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from secrets import token_hex
from typing import Self

from confluent_kafka import KafkaError, Message, Producer

from bench.chaos import pictures

Id = tuple[str, int]
Place = tuple[int, int]
_FLUSH_S = 90


class Feed:
    """Writes frame 0, 1, 2 … of every source, each `rate` times a second, until told to stop.

    `poison(seq)` may give bytes that stand in a record's place. `written` says when each record came to be, by source
    and number; `places` the record of each partition and offset.
    """

    def __init__(
        self,
        url: str,
        topic: str,
        sources: Sequence[str],
        rate: float,
        poison: Callable[[int], bytes | None] = lambda seq: None,
    ) -> None:
        self.run = token_hex(6)
        self.written: dict[Id, float] = {}
        self.places: dict[Place, Id] = {}
        self.poisoned: set[Id] = set()
        self._topic, self._sources, self._period_s, self._poison = topic, sources, 1 / rate, poison
        self._client = Producer(
            {
                "bootstrap.servers": url,
                "partitioner": "murmur2_random",
                "acks": "all",
                "enable.idempotence": True,
                "message.timeout.ms": 0,
                "reconnect.backoff.max.ms": 1000,
                "log_level": 0,
            }
        )
        self._refused: list[KafkaError] = []
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()

    def stop(self) -> None:
        """Stop writing; back when the brokers have every record."""
        self._enough.set()
        self._thread.join(timeout=30)
        left = self._client.flush(_FLUSH_S)
        assert not left, f"Expected the brokers to take every record, {left} are left after {_FLUSH_S} s"
        assert not self._refused, f"Expected the brokers to take every record, got {self._refused[0]}"

    def _write(self) -> None:
        seq, due = 0, time.monotonic()
        while not self._enough.wait(max(0.0, due - time.monotonic())):
            due += self._period_s
            for source in self._sources:
                self._put(source, seq)
            self._client.poll(0)
            seq += 1

    def _put(self, source: str, seq: int) -> None:
        value = self._poison(seq)
        if value is None:
            value = pictures.record(self.run, seq, source)
        else:
            self.poisoned.add((source, seq))
        self.written[source, seq] = time.time()

        def delivered(error: KafkaError | None, message: Message) -> None:
            if error:
                self._refused.append(error)
            else:
                self.places[message.partition(), message.offset()] = (source, seq)

        self._client.produce(self._topic, value, source, on_delivery=delivered)
