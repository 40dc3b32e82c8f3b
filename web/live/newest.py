"""The newest frame of each topic and source, and of each pair of topics that somebody watches."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable

from functions.core.frame import run_of
from streams.runtime.logs import Seldom
from streams.wire.records import Record
from web.live.pairing import LiveFrame, Pairing
from web.live.sources import Sources

# An older record is a restarted stage's repeat, unless it arrives this much later.
_REPEAT_S = 30.0

_seldom = Seldom(logging.getLogger(__name__))


class NewestFrames:
    """The newest frames of a bounded number of sources; `listeners` are events that every new frame sets."""

    def __init__(self, topics: Iterable[str], places: int) -> None:
        self.frames: dict[str, dict[str, LiveFrame]] = {topic: {} for topic in topics}
        self.bad: dict[str, int] = dict.fromkeys(self.frames, 0)
        self.taken_of: dict[str, int] = dict.fromkeys(self.frames, 0)
        self.skipped: dict[str, int] = dict.fromkeys(self.frames, 0)
        self.sources = Sources(places, self._forget)
        self._pairings: dict[tuple[str | None, str], Pairing] = {}
        self.listeners: set[asyncio.Event] = set()

    @property
    def taken(self) -> int:
        """The number of good records, of all topics."""
        return sum(self.taken_of.values())

    @property
    def read(self) -> int:
        """The number of records, good or bad, of all topics."""
        return self.taken + sum(self.bad.values())

    def put(self, topic: str, record: Record) -> None:
        """Store a record; repeats, and sources beyond the bound, are ignored."""
        self.taken_of[topic] += 1
        frame = LiveFrame(topic, record, time.monotonic())
        if not self.sources.see(frame.source, topic, len(record.jpeg), frame.arrived_at):
            text = f"More sources send than the viewer remembers, {self.sources.places} at most: new ones are left out"
            _seldom.warning("crowded", text, {"sources": self.sources.places})
            return
        before = self.frames[topic].get(record.source)
        if before and _repeats(frame, before):
            return
        self.frames[topic][record.source] = frame
        for pairing in self._pairings.values():
            pairing.put(frame)
        for changed in self.listeners:
            changed.set()

    def _forget(self, source: str) -> None:
        for frames in self.frames.values():
            frames.pop(source, None)
        for pairing in self._pairings.values():
            pairing.forget(source)

    def watch(self, left: str | None, right: str) -> Pairing:
        """The pairing of two topics, shared and updated until each `watch` is followed by an `unwatch`."""
        pairing = self._pairings.get((left, right))
        if pairing is None:
            pairing = self._pairings[left, right] = Pairing(left, right)
            for topic in filter(None, (right, left)):
                for frame in self.frames[topic].values():
                    pairing.put(frame)
        pairing.users += 1
        return pairing

    def unwatch(self, pairing: Pairing) -> None:
        """Release a pairing; the last user's release drops its frames."""
        pairing.users -= 1
        if not pairing.users:
            del self._pairings[pairing.left, pairing.right]

    def ages(self, source: str, topics: Iterable[str], now: float) -> list[float | None]:
        """Seconds since the last frame of a source on each of these topics, None where there is none."""
        frames = [self.frames[topic].get(source) for topic in topics]
        return [None if frame is None else round(now - frame.arrived_at, 1) for frame in frames]


def _repeats(frame: LiveFrame, before: LiveFrame) -> bool:
    record, last = frame.record, before.record
    same_run = run_of(record.id) == run_of(last.id)
    soon = frame.arrived_at - before.arrived_at < _REPEAT_S
    return same_run and soon and (record.seq < last.seq or record.id == last.id)
