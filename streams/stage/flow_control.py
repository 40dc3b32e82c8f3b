"""Flow control: each partition may have a share of the records in flight, by its number of sources."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from streams.wire.reading import Message

Place = tuple[str, int]
_RECENT = 128  # records by which a partition's sources are known
_BATCH = 8  # records that are fetched at once of a partition that was full, where its share has room for them
_LEAST = 4  # records a source where several share a partition: else one could not be read past the other


class Event(Protocol):
    """A Kafka message of a stream, to be acked."""

    @property
    def message(self) -> Message:
        """The message itself."""

    def ack(self) -> object:
        """Let the stream commit it."""


@dataclass(eq=False)
class InFlight:
    """A record that is not acknowledged yet."""

    event: Event
    sent: asyncio.Event = field(default_factory=asyncio.Event)
    is_done: bool = False  # it has an outcome
    settled: asyncio.Event = field(default_factory=asyncio.Event)  # its outcome is on the bus
    surplus: bool = False  # waits, and is not to be done

    @property
    def message(self) -> Message:
        """The Kafka message."""
        return self.event.message

    @property
    def place(self) -> Place:
        """Its partition."""
        return self.message.topic, self.message.partition


class _Recent:
    """The sources of a partition's most recent records."""

    def __init__(self) -> None:
        self._keys: deque[bytes | None] = deque()
        self._counts: Counter[bytes | None] = Counter()

    def add(self, key: bytes | None) -> None:
        self._keys.append(key)
        self._counts[key] += 1
        if len(self._keys) > _RECENT:
            gone = self._keys.popleft()
            self._counts[gone] -= 1
            if not self._counts[gone]:
                del self._counts[gone]

    @property
    def sources(self) -> int:
        """How many different ones."""
        return len(self._counts)


class FlowControl:
    """Room for a number of records, divided among partitions in proportion to their sources."""

    def __init__(self, records: int) -> None:
        self._records = records
        self._held: dict[Place, deque[InFlight]] = {}
        self._recent: dict[Place, _Recent] = {}
        self._full: set[Place] = set()

    def enter(self, held: InFlight) -> None:
        """Add a record."""
        self._held.setdefault(held.place, deque()).append(held)
        self._recent.setdefault(held.place, _Recent()).add(held.message.key)

    def leave(self, place: Place) -> Iterator[InFlight]:
        """Release, in order, the settled records at the head of a partition."""
        held = self._held.get(place)
        while held and held[0].settled.is_set():
            yield held[0]
            held.popleft()  # not before it is acked, or the next would be acked without it
        if held is not None and not held:
            self._held.pop(place, None)

    def done(self) -> list[InFlight]:
        """The records that have an outcome."""
        return [held for place in self._held.values() for held in place if held.is_done]

    def is_full(self, place: Place) -> bool:
        """Whether a partition has used up its share; one that had is full until there is room for a batch."""
        held = len(self._held.get(place, ()))
        share = self._share(place) if held else 1
        if held < (share + 1 - min(_BATCH, share // 2) if place in self._full else share):
            self._full.discard(place)
            return False
        self._full.add(place)
        return True

    def shed_load(self, place: Place) -> None:
        """Mark the oldest records of a source that crowds out the others of its partition as surplus.

        Nothing is marked where sources wait alike, or there is only one: then the partition is not fetched for a while.
        """
        sources, most = self._recent[place].sources, self._share(place) // 2
        if sources == 1 or len(self._held[place]) <= most:
            return
        waiting = [held for held in self._held[place] if not (held.is_done or held.surplus)]
        crowding, count = Counter(held.message.key for held in waiting).most_common(1)[0]
        if count <= 2 * (len(waiting) - count) / (sources - 1):
            return
        for held in [held for held in waiting if held.message.key == crowding][: -(most // sources)]:
            held.surplus = True

    def _share(self, place: Place) -> int:
        sources = self._recent[place].sources
        share = self._records * sources // sum(self._recent[each].sources for each in self._held)
        # Not for whoever comes with ever new names: then some wait until they are read past others.
        return max(share, 1 if sources == 1 else min(_LEAST * sources, _RECENT))
