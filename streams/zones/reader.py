"""Follows the topic `ZONES` in a thread, for the redactors of one process: none publishes before it is read."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Condition, Event, Thread

from confluent_kafka import KafkaException
from mode import Service

from functions.core.errors import UsageError
from streams.chain.types import Chain
from streams.kafka import topics
from streams.kafka.compacted import CompactedTopic, Keyed
from streams.kafka.topics import BusError
from streams.settings import Settings
from streams.wire.cameras import ZONES
from streams.zones.known import KnownZones

log = logging.getLogger(__name__)

# Beside the data of stages: whoever moves that moves this along.
_FILE = Path("zones") / "zones.msgpack"
_POLL_S, _RETRY_S, _WAIT_S = 0.2, 1.0, 2.0

Follow = Callable[[tuple[str, ...]], None]
Refuse = Callable[[str], None]


class ZonesReader(Service):
    """Reads what people drew, for the redactors that `join`.

    While the bus is away they go on with what is known; any other trouble stops them.
    """

    mundane_level = "debug"

    def __init__(self, settings: Settings, chain: Chain) -> None:
        super().__init__()
        self._settings, self._chain = settings, chain
        self._redactors: list[tuple[Follow, Refuse]] = []
        self._end = Event()
        self._changed = Condition()
        self._trouble: UsageError | None = BusError(f"the topic {ZONES} is not read to its end yet")

    def join(self, follow: Follow, refuse: Refuse) -> None:
        """Hand all zones to `follow`, as values of the option `zones`, and what makes that impossible to `refuse`."""
        self._redactors.append((follow, refuse))

    async def on_start(self) -> None:
        """Begin to read, where anybody wants it."""
        if self._redactors:
            Thread(target=self._run, name="zones", daemon=True).start()

    async def on_stop(self) -> None:
        """Read no more."""
        self._end.set()

    def require(self) -> None:
        """Back when all that was drawn is known and was handed on. Raises UsageError where it is not within 2 s."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._trouble is None, _WAIT_S) and self._trouble:
                raise type(self._trouble)(str(self._trouble))

    def _run(self) -> None:
        known: KnownZones | None = None
        while not self._end.is_set():
            try:
                known = known or KnownZones(Path(self._settings.data_dir) / _FILE)
                self._read(known)
            except Exception as error:
                self._become(_as_trouble(error))
            self._end.wait(_RETRY_S)

    def _read(self, known: KnownZones) -> None:
        """Read the topic until it is not there any more."""
        known.begin()
        topics.make(topics.admin(self._settings), [topics.plan(self._settings, self._chain, ZONES)])
        topic = CompactedTopic(self._settings, ZONES)
        try:
            for record in topic.to_its_end():
                known.take(record)
            known.at_end()
            self._hand_on(known)
            while not self._end.is_set():
                with suppress(KafkaException):  # a bus that is away says nothing against the topic
                    topic.look()
                self._take(known, topic.poll(_POLL_S))
        finally:
            topic.close()

    def _take(self, known: KnownZones, records: list[Keyed]) -> None:
        for record in records:
            known.take(record)
        if records or not known.is_kept:
            self._hand_on(known)

    def _hand_on(self, known: KnownZones) -> None:
        for follow, _ in self._redactors:
            follow(known.options)
        known.keep()
        self._become(None)

    def _become(self, trouble: UsageError | None) -> None:
        with self._changed:
            before, self._trouble = self._trouble, trouble
            self._changed.notify_all()
        if trouble and before is None:
            log.warning("What is drawn now is not known: %s; redactors go on with what was", trouble)
        if trouble and not isinstance(trouble, BusError):
            for _, refuse in self._redactors:
                refuse(str(trouble))


def _as_trouble(error: Exception) -> UsageError:
    if isinstance(error, UsageError):
        return error
    if isinstance(error, KafkaException):
        return BusError(f"the topic {ZONES} cannot be read: {error.args[0].str()}")
    log.error("What %s says cannot be known", ZONES, exc_info=error)
    return UsageError(f"What {ZONES} says cannot be known: {type(error).__name__}: {error}")
