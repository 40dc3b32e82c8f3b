"""Consumer lag, and liveness: whether a consumer makes progress while records wait."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import cast

from confluent_kafka import Consumer as Asker
from confluent_kafka import KafkaException
from faust.exceptions import ConsumerNotStarted
from faust.types import TP

from streams.kafka.faust_consumer import Consumer
from streams.kafka.watermarks import watermarks
from streams.runtime.faust_app import BusApp


def held(app: BusApp) -> frozenset[TP]:
    """The partitions that an app reads now."""
    try:
        return frozenset(app._consumer.assignment()) if app._consumer else frozenset()
    except ConsumerNotStarted:  # the app has started, the consumer's own thread not yet
        return frozenset()


class Lag:
    """The records that an app has not acknowledged, as its consumer heard of them, or as the broker was asked."""

    def __init__(self, app: BusApp) -> None:
        self._app = app
        self._watermarks: dict[TP, tuple[int, int]] = {}

    def by_topic(self) -> dict[str, int]:
        """Records of each topic; asks nobody."""
        waiting: Counter[str] = Counter()
        for tp, records in self.by_partition().items():
            waiting[tp.topic] += records
        return dict(waiting)

    def by_partition(self) -> dict[TP, int]:
        """Records of each partition that is held; asks nobody."""
        return {tp: self._of(tp) for tp in held(self._app)}

    def ask(self, client: Asker) -> bool:
        """Whether any wait, as the broker says; blocks some seconds at most. Raises KafkaException."""
        partitions = held(self._app)
        self._watermarks = {TP(*each): low_high for each, low_high in watermarks(client, partitions).items()}
        return any(map(self._of, partitions))

    def _of(self, tp: TP) -> int:
        consumer = cast(Consumer, self._app.consumer)
        heard, next_unread = _heard(consumer, tp)
        first, end = self._watermarks.get(tp, (0, 0))
        begin = consumer._committed_offset.get(tp) or next_unread
        return max(0, max(heard, end) - max(begin, first))  # what expired unread waits for nobody


class Liveness:
    """Whether records are done while some wait; `idle_s` is how long none was."""

    def __init__(self, limit_s: float) -> None:
        self.idle_s = 0.0
        self._limit_s = limit_s
        self._done = -1

    @property
    def alive(self) -> bool:
        """Whether the limit is not reached."""
        return self.idle_s < self._limit_s

    async def stalled(self, done: int, lag: Lag, client: Asker, for_s: float) -> bool:
        """Whether the limit has just been reached, again or for the first time; asked every `for_s` seconds.

        `done` is the number of records done so far. Without a broker no progress is expected.
        """
        if self.moved(done):
            return False
        try:
            waiting = await asyncio.to_thread(lag.ask, client)
        except KafkaException:
            waiting = False
        return self.note(waiting, for_s)

    def moved(self, done: int) -> bool:
        """Whether anything was done since the last call."""
        before, self._done = self._done, done
        if done != before:
            self.idle_s = 0.0
        return done != before

    def note(self, waiting: bool, for_s: float) -> bool:
        """Note more seconds in which nothing was done; whether the limit has just been reached."""
        times = self.idle_s // self._limit_s
        # Counted in small steps: a process that was stopped and goes on has not been idle meanwhile.
        self.idle_s = self.idle_s + for_s if waiting else 0.0
        return self.idle_s // self._limit_s > times


def _heard(consumer: Consumer, tp: TP) -> tuple[int, int]:
    """Where a partition ends, and which record is read next, as far as the consumer knows."""
    try:
        return consumer.highwater(tp) or 0, consumer.next_offset(tp) or 0
    except (AssertionError, AttributeError, KeyError, ConsumerNotStarted):  # it has just lost the partition
        return 0, 0
