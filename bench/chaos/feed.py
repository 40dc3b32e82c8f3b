"""Sources that write at a steady pace whatever befalls the brokers, and know of each record when it was written."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from secrets import token_hex

from confluent_kafka import KafkaError, Message

from bench.chaos import pictures
from tests.bus import Writer

Id = tuple[str, int]
Place = tuple[int, int]


class Feed(Writer):
    """Writes frame 0, 1, 2 … of every source, each `rate` times a second, until told to stop.

    `poison(seq)` may give bytes that stand in a record's place. `written` says when each record came to be, by source
    and number; `places` the record of each partition and offset.
    """

    flush_s = 90.0  # some brokers have only just come back

    def __init__(
        self,
        url: str,
        topic: str,
        sources: Sequence[str],
        rate: float,
        poison: Callable[[int], bytes | None] = lambda seq: None,
    ) -> None:
        super().__init__(url, acks="all", enable_idempotence=True, message_timeout_ms=0, reconnect_backoff_max_ms=1000)
        self.run = token_hex(6)
        self.written: dict[Id, float] = {}
        self.places: dict[Place, Id] = {}
        self.poisoned: set[Id] = set()
        self._topic, self._sources, self._period_s, self._poison = topic, sources, 1 / rate, poison
        self._refused: list[KafkaError] = []

    def end(self) -> None:
        super().end()
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
