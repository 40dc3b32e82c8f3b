"""The newest frame of each topic and source, and the newest pair of the same frame on two topics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from streams.records import Record
from web.pairing import Pairing, Shown

# A record older than the newest one is a repeat of a stage that was started again, unless it comes this much later.
_REPEAT_S = 30.0


class Newest:
    """What came last on each topic, for any number of browsers, each of which is told through its event."""

    def __init__(self, topics: Iterable[str]) -> None:
        self.frames: dict[str, dict[str, Shown]] = {topic: {} for topic in topics}
        self.bad: dict[str, int] = dict.fromkeys(self.frames, 0)
        self.taken_of: dict[str, int] = dict.fromkeys(self.frames, 0)
        self.skipped: dict[str, int] = dict.fromkeys(self.frames, 0)
        self._pairings: dict[tuple[str | None, str], Pairing] = {}
        self._listeners: set[asyncio.Event] = set()

    @property
    def taken(self) -> int:
        """How many records there were, of all topics."""
        return sum(self.taken_of.values())

    def put(self, topic: str, record: Record) -> None:
        """Take in one record; a repeat of an older one changes nothing."""
        self.taken_of[topic] += 1
        frame = Shown(topic, record, time.monotonic())
        before = self.frames[topic].get(record.source)
        if before and _repeats(frame, before):
            return
        self.frames[topic][record.source] = frame
        for pairing in self._pairings.values():
            pairing.put(frame)
        for changed in self._listeners:
            changed.set()

    def watch(self, left: str | None, right: str) -> Pairing:
        """The pairing of two topics, kept up to date until as many `unwatch` it."""
        pairing = self._pairings.get((left, right))
        if pairing is None:
            pairing = self._pairings[left, right] = Pairing(left, right)
            for topic in filter(None, (right, left)):
                for frame in self.frames[topic].values():
                    pairing.put(frame)
        pairing.users += 1
        return pairing

    def unwatch(self, pairing: Pairing) -> None:
        """Let go of a pairing; the last one to do so drops what it kept."""
        pairing.users -= 1
        if not pairing.users:
            del self._pairings[pairing.left, pairing.right]

    def listen(self, changed: asyncio.Event) -> None:
        """Set this event whenever a frame comes."""
        self._listeners.add(changed)

    def unlisten(self, changed: asyncio.Event) -> None:
        """Leave this event alone."""
        self._listeners.discard(changed)

    def ages(self, topic: str) -> dict[str, float]:
        """Seconds since the last frame of each source of a topic."""
        now = time.monotonic()
        return {source: round(now - frame.arrived_at, 1) for source, frame in self.frames[topic].items()}


def _repeats(frame: Shown, before: Shown) -> bool:
    record, last = frame.record, before.record
    same_run = record.id.partition("-")[0] == last.id.partition("-")[0]
    soon = frame.arrived_at - before.arrived_at < _REPEAT_S
    return same_run and soon and (record.seq < last.seq or record.id == last.id)
