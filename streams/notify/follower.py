"""Follows `CAMERAS`, `COUNTS` and `ZONES` in threads, from their beginning, for the numbers and areas of a process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Event, Thread

from confluent_kafka import KafkaException
from mode import Service

from streams.cameras.states import CameraStates
from streams.kafka.compacted import CompactedTopic, Keyed, NoTopic
from streams.kafka.topics import BusError
from streams.notify.numbers import Numbers
from streams.runtime.logs import Seldom
from streams.settings import Settings
from streams.wire import counts
from streams.wire.cameras import ZONES
from streams.wire.counts import COUNTS, Counted
from streams.wire.records import RecordError
from streams.zones.areas import Areas

log = logging.getLogger(__name__)

_POLL_S, _RETRY_S = 0.5, 2.0


class Follower(Service):
    """Keeps `cameras` and `counts` of the numbers new, and areas that people drew, where any are wanted.

    `knows_cameras` is set once that topic was read to its end.
    """

    mundane_level = "debug"

    def __init__(self, settings: Settings, numbers: Numbers, areas: Areas) -> None:
        super().__init__()
        self.knows_cameras = asyncio.Event()
        self._settings, self._numbers, self._areas = settings, numbers, areas
        self._end = Event()
        self._seldom = Seldom(log)

    async def on_start(self) -> None:
        """Begin to read."""
        for read in (self._read_cameras, self._read_counts, *([self._read_areas] if self._areas.drawn else [])):
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

    def _read_areas(self) -> None:
        try:
            topic = CompactedTopic(self._settings, ZONES)
        except NoTopic:
            self._know_areas([])
            return
        except KafkaException as error:
            why = error.args[0].str()
            self._seldom.warning(why, f"No frame is judged until drawn areas are known: {ZONES}: {why}", {})
            raise
        try:
            self._know_areas(topic.to_its_end())
            while not self._end.is_set():
                topic.look()
                for record in topic.poll(_POLL_S):
                    self._areas.take(record)
        finally:
            topic.close()

    def _know_areas(self, records: Iterable[Keyed]) -> None:
        """Take in all areas that are drawn now, and say of which there is none."""
        self._areas.begin()
        for record in records:
            self._areas.take(record)
        self._areas.at_end()
        if missing := self._areas.missing:
            text = f"Rules name areas that nobody has drawn yet, so nobody stands in them: {', '.join(missing)}"
            self._seldom.warning(text, text, {})
        self.loop.call_soon_threadsafe(self._areas.are_known.set)
