"""A bounded memory of sources, in which a flood of new names evicts no live camera.

A segmented LRU cache: newcomers compete for a few places until they have been seen often enough. Names are counted
for longer than values are kept, since a count takes bytes and a value megabytes.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from functions.core.frame import Frame

T = TypeVar("T")
# Without a frame for so long a source is forgotten; after the shorter time only where its place is wanted.
SILENT_S, _LIVE_S = 600.0, 10.0
# A source that was seen in so many frames is no newcomer any more.
ESTABLISHED = 8
_SHARE_OF_NEWCOMERS = 8
_COUNTED = 16  # names for each place


class Key(NamedTuple):
    """A source and its producer's run: two producers of one name share no memory."""

    source: str
    run: str


def key_of(frame: Frame) -> Key:
    """The source and the producer's run that a frame is from."""
    return Key(frame.source, frame.run)


@dataclass
class _Place(Generic[T]):
    value: T
    seen_at: float = 0.0


class SourceMemory(Generic[T]):
    """A value for each of at most `places` sources; `forgotten` is called with each that is evicted, and why."""

    def __init__(
        self,
        places: int,
        new: Callable[[Key], T],
        forgotten: Callable[[Key, T, str], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._new, self._forgotten, self._clock = new, forgotten, clock
        self._newcomers_most = places // _SHARE_OF_NEWCOMERS
        self._established_most = places - self._newcomers_most
        self._newcomers: OrderedDict[Key, _Place[T]] = OrderedDict()
        self._established: OrderedDict[Key, _Place[T]] = OrderedDict()
        self._frames: OrderedDict[Key, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._newcomers) + len(self._established)

    def see(self, key: Key) -> T:
        """The value of a source that has sent a frame; a new one, where it is not known."""
        now = self._clock()
        self._forget_silent(now)
        frames = self._count(key)
        if place := self._established.get(key):
            self._established.move_to_end(key)
        else:
            place = self._newcomers.pop(key, None) or _Place(self._new(key))
            self._settle(key, place, frames, now)
        place.seen_at = now
        return place.value

    def restore(self, key: Key, value: T) -> None:
        """Add an established source, as if it were seen now."""
        self._established[key] = _Place(value, self._clock())
        while len(self._established) > self._established_most:
            self._drop(self._established, next(iter(self._established)), "for want of places")

    def clear(self) -> None:
        """Drop all, without calling `forgotten`."""
        for each in (self._newcomers, self._established, self._frames):
            each.clear()

    def _count(self, key: Key) -> int:
        frames = self._frames[key] = self._frames.pop(key, 0) + 1
        if len(self._frames) > _COUNTED * (self._newcomers_most + self._established_most):
            self._frames.popitem(last=False)
        return frames

    def _settle(self, key: Key, place: _Place[T], frames: int, now: float) -> None:
        if frames >= ESTABLISHED and self._has_room(key, now):
            self._established[key] = place
            return
        self._newcomers[key] = place
        if len(self._newcomers) > self._newcomers_most:
            self._drop(self._newcomers, next(iter(self._newcomers)), "for want of places")

    def _has_room(self, key: Key, now: float) -> bool:
        """Whether one more may be established: there is a place, or one whose source is not live any more."""
        for other in [each for each in self._established if each.source == key.source]:
            if now - self._established[other].seen_at > _LIVE_S:  # a run that has ended
                self._drop(self._established, other, "since its producer was started anew")
        if len(self._established) < self._established_most:
            return True
        oldest = next(iter(self._established))
        if now - self._established[oldest].seen_at <= _LIVE_S:
            return False
        self._drop(self._established, oldest, "for want of places")
        return True

    def _forget_silent(self, now: float) -> None:
        for segment in (self._newcomers, self._established):
            while segment and now - next(iter(segment.values())).seen_at > SILENT_S:
                self._drop(segment, next(iter(segment)), f"silent for {SILENT_S:.0f} s")

    def _drop(self, segment: OrderedDict[Key, _Place[T]], key: Key, why: str) -> None:
        self._forgotten(key, segment.pop(key).value, why)
