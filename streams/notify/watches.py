"""What the rules know of the sources: rows of the alerts' table, bounded in number."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple, Protocol

import msgspec

from streams.notify.rule import Seen, Watch

_KIND = "watch"
_HOUR_US = 3600 * 1_000_000


class Place(NamedTuple):
    """A rule at a source."""

    rule: str
    source: str


class Rows(Protocol):
    """A table with partitions."""

    def put(self, key: str, value: bytes, partition: int) -> None:
        """Write a row."""

    def forget(self, key: str, partition: int) -> None:
        """Delete a row."""


class Watches:
    """The watches of the partitions that this process holds; those that changed longest ago go first."""

    def __init__(self, rows: Rows, places: int) -> None:
        self._rows, self._places = rows, places
        self._seen: dict[Place, Seen] = {}

    def clear(self) -> None:
        """Forget all, and leave the rows."""
        self._seen.clear()

    def restore(self, key: str, value: bytes, partitions: Collection[int], rules: Collection[str]) -> None:
        """Take in a row, where it is a watch of these partitions; one of a rule that is not any more is deleted."""
        kind, rule, source = json.loads(key)
        if kind != _KIND or (watch := msgspec.msgpack.decode(value, type=Watch)).partition not in partitions:
            return
        if rule in rules:
            self._seen[Place(rule, source)] = Seen(watch)
        else:
            self._rows.forget(key, watch.partition)

    def at(self, place: Place, partition: int) -> Seen:
        """That of a place, a new one where there is none."""
        return self._seen.get(place) or Seen(Watch(partition))

    def store(self, place: Place, seen: Seen) -> None:
        """Write what has changed; what says no more than a new one is deleted."""
        was_there = self._seen.pop(place, None)
        if not seen.watch.is_idle:
            self._seen[place] = seen
            self._rows.put(_key(place), msgspec.msgpack.encode(seen.watch), seen.watch.partition)
        elif was_there:
            self._rows.forget(_key(place), seen.watch.partition)
        while len(self._seen) > self._places:
            oldest = next(iter(self._seen))
            self._rows.forget(_key(oldest), self._seen.pop(oldest).watch.partition)

    def of_rule(self, rule: str) -> Iterator[tuple[str, Seen]]:
        """All of one rule, by source."""
        return ((place.source, seen) for place, seen in [*self._seen.items()] if place.rule == rule)

    def held(self, rule: str) -> Mapping[str, Seen]:
        """Those at which alerts of a rule are held back."""
        return {source: seen for source, seen in self.of_rule(rule) if seen.watch.held}

    def sent_within_an_hour(self, rule: str, now: int) -> int:
        """How many messages of a rule were sent in the hour before this time (µs)."""
        return sum(at > now - _HOUR_US for _, seen in self.of_rule(rule) for at in seen.watch.sent)

    def forget_sent(self, now: int) -> None:
        """Leave out of the rows what was sent longer than an hour ago."""
        for place, seen in [*self._seen.items()]:
            recent = [at for at in seen.watch.sent if at > now - _HOUR_US]
            if len(recent) < len(seen.watch.sent):
                seen.watch.sent = recent
                self.store(place, seen)


def _key(place: Place) -> str:
    return json.dumps([_KIND, *place])
