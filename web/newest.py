"""The newest frame of each topic and source, and the newest pair of the same frame on two topics."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

from streams.records import Record

# A file's producer may be some hundred frames ahead of the stages; older left sides are given up.
BUFFER_BYTES = 48 * 1024 * 1024
# A record older than the newest one is a repeat of a stage that was started again, unless it comes this much later.
_REPEAT_S = 30.0
# After this long without its left side, a frame is shown alone.
ALONE_S = 2.0

Key = tuple[str, str]


@dataclass(frozen=True)
class Shown:
    """A frame as the viewer keeps it: what is said about it as JSON, and its JPEG as it came."""

    topic: str
    record: Record
    arrived_at: float  # of time.monotonic(), as all its ages

    @property
    def source(self) -> str:
        return self.record.source

    @cached_property
    def meta(self) -> msgspec.Raw:
        """Everything of the record but the picture, encoded once for all browsers."""
        fields = msgspec.structs.asdict(self.record)
        del fields["jpeg"], fields["v"]
        return msgspec.Raw(msgspec.json.encode({"topic": self.topic, **fields}))


@dataclass(frozen=True)
class Pair:
    """One frame on one topic or two; `number` grows with every pair of a source."""

    left: Shown | None
    right: Shown | None
    number: int

    @property
    def sides(self) -> tuple[tuple[str, Shown], ...]:
        """The sides that there are, by name."""
        named = (("left", self.left), ("right", self.right))
        return tuple((name, side) for name, side in named if side is not None)


@dataclass
class Pairing:
    """Finds the newest frame that is on both topics. A `left` of None pairs nothing: it is one topic alone."""

    left: str | None
    right: str
    pairs: dict[str, Pair] = field(default_factory=dict)
    users: int = 0
    _lefts: OrderedDict[Key, Shown] = field(default_factory=OrderedDict)
    _rights: dict[str, Shown] = field(default_factory=dict)
    _bytes: int = 0

    def put(self, frame: Shown) -> None:
        """Take in one frame of either topic."""
        if frame.topic == self.left:
            self._put_left(frame)
        if frame.topic == self.right:
            self._put_right(frame)

    def _put_left(self, frame: Shown) -> None:
        self._keep(frame)
        waiting = self._rights.get(frame.source)
        if waiting is None:
            self._set(frame, None)
        elif waiting.record.id == frame.record.id:
            self._set(frame, waiting)

    def _put_right(self, frame: Shown) -> None:
        self._rights[frame.source] = frame
        if self.left is None:
            self._set(None, frame)
        elif (left := self._lefts.get((frame.source, frame.record.id))) is not None:
            self._set(left, frame)
        elif self._alone(frame):
            self._set(None, frame)

    def _alone(self, frame: Shown) -> bool:
        shown = self.pairs.get(frame.source)
        return shown is None or shown.right is None or frame.arrived_at - shown.right.arrived_at > ALONE_S

    def _set(self, left: Shown | None, right: Shown | None) -> None:
        source = (right or left).source  # type: ignore[union-attr]  # one of them is always there
        before = self.pairs.get(source)
        self.pairs[source] = Pair(left, right, before.number + 1 if before else 1)

    def _keep(self, frame: Shown) -> None:
        key = (frame.source, frame.record.id)
        if (same := self._lefts.pop(key, None)) is not None:
            self._bytes -= len(same.record.jpeg)
        self._lefts[key] = frame
        self._bytes += len(frame.record.jpeg)
        while self._bytes > BUFFER_BYTES:
            _, oldest = self._lefts.popitem(last=False)
            self._bytes -= len(oldest.record.jpeg)


class Newest:
    """What came last on each topic, for any number of browsers, each of which is told through its event."""

    def __init__(self, topics: Iterable[str]) -> None:
        self.frames: dict[str, dict[str, Shown]] = {topic: {} for topic in topics}
        self.bad: dict[str, int] = dict.fromkeys(self.frames, 0)
        self.taken = 0
        self._pairings: dict[tuple[str | None, str], Pairing] = {}
        self._listeners: set[asyncio.Event] = set()

    def put(self, topic: str, record: Record) -> None:
        """Take in one record; a repeat of an older one changes nothing."""
        self.taken += 1
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
