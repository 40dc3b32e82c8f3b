"""Follows `CAMERAS` and `COUNTS` in threads, from their beginning, for the numbers of a process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

from confluent_kafka import KafkaException
from mode import Service

from streams.cameras.states import CameraStates
from streams.kafka.compacted import CompactedTopic
from streams.kafka.topics import BusError
from streams.notify.numbers import Numbers
from streams.settings import Settings
from streams.wire import counts
from streams.wire.counts import COUNTS, Counted
from streams.wire.records import RecordError

_POLL_S, _RETRY_S = 0.5, 2.0


class Follower(Service):
    """Keeps `cameras` and `counts` of the numbers new; `knows_cameras` is set once that topic was read to its end."""

    mundane_level = "debug"

    def __init__(self, settings: Settings, numbers: Numbers) -> None:
        super().__init__()
        self.knows_cameras = asyncio.Event()
        self._settings, self._numbers = settings, numbers
        self._end = Event()

    async def on_start(self) -> None:
        """Begin to read."""
        for read in (self._read_cameras, self._read_counts):
            Thread(target=self._keep, args=(read,), name=read.__name__, daemon=True).start()

    async def on_stop(self) -> None:
        """Read no more."""
        self._end.set()

    def _keep(self, read: Callable[[], None]) -> None:
        """Read again where the bus is away, or the topic is not there yet; what was read stays known."""
        while not self._end.is_set():
            with suppress(BusError, KafkaException):
                read()
            self._end.wait(_RETRY_S)

    def _read_cameras(self) -> None:
        with CameraStates(self._settings) as states:
            states.catch_up()
            while not self._end.is_set():
                self._numbers.cameras = states.told
                if not self.knows_cameras.is_set():
                    self.loop.call_soon_threadsafe(self.knows_cameras.set)
                states.poll(_POLL_S)

    def _read_counts(self) -> None:
        topic = CompactedTopic(self._settings, COUNTS)
        try:
            while not self._end.is_set():
                for record in topic.poll(_POLL_S):
                    with suppress(RecordError):  # whoever wrote it, no count
                        self._numbers.count(counts.decode(record.value, Counted))
        finally:
            topic.close()
