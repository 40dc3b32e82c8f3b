"""The ledger: visits of all cameras in, counts of visitors and unique persons of each time window out."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta, tzinfo
from typing import NamedTuple

from msgspec import Struct

from functions.counting.identities import Link, Stay, persons
from functions.counting.visits import Visit, shared
from functions.counting.windows import Window, day_of, hour_of

# Two paths may be one person's if they have so many moments in common.
_MOMENTS = 3
# Links by appearance come after all links by place.
_LOOKS = math.inf
# Allowed lateness (µs): visits of a day are accepted for so long after its end.
_LATENESS = timedelta(days=1) // timedelta(microseconds=1)


class Count(NamedTuple):
    """The count of a window, at one camera or (`source` None) at all of them."""

    window: Window
    source: str | None
    visitors: int
    unique: int
    updated_at: int
    restarted_at: int | None


class Closed(Struct, frozen=True, kw_only=True):
    """The totals of the days before `until` (µs): visits at each camera, and unique persons. They are final."""

    until: int = 0
    visitors: dict[str, int] = {}
    unique: int = 0


class Ledger:
    """The visits of the open days, and the totals of closed ones.

    Idempotent: visits are kept by id, so that one that is published twice, late or by another process counts once.
    """

    def __init__(self, near_m: float, zone: tzinfo, closed: Closed | None = None, began_at: int | None = None) -> None:
        self._near_m, self._zone = near_m, zone
        self.closed, self.began_at = closed or Closed(), began_at
        self._minutes: dict[int, dict[int, Visit]] = defaultdict(dict)  # by minute, then by number
        self._windows: dict[Window, set[int]] = defaultdict(set)  # the minutes of each
        self._stays: dict[int, Stay] = {}
        self._near: dict[tuple[int, int], dict[int, tuple[int, float]]] = defaultdict(dict)  # by pair, then by minute
        self._alike: dict[int, int] = {}

    def add(self, visit: Visit) -> bool:
        """Add or update a visit; False for a repeat or a late one. Raises OverflowError or ValueError beyond LATEST."""
        known = self._stays.get(visit.id)
        before = self._minutes.get(visit.minute, {}).get(visit.id)
        if (known is None and visit.last_at < self.closed.until) or (before and before.last_at >= visit.last_at):
            return False
        windows = hour_of(visit.last_at, self._zone), day_of(visit.last_at, self._zone)  # may raise, hence first
        self.began_at = visit.first_at if self.began_at is None else self.began_at
        self._minutes[visit.minute][visit.id] = visit
        for window in windows:
            self._windows[window].add(visit.minute)
        last_at = max(visit.last_at, known.last_at if known else 0)
        self._stays[visit.id] = Stay(visit.source, visit.first_at, last_at)
        if visit.same_as is not None:
            self._alike[visit.id] = visit.same_as
        self._compare(visit)
        return True

    def due(self, now: int) -> Closed | None:
        """The totals of the days that can be closed by now (µs), None if no further one can."""
        until = day_of(now - _LATENESS, self._zone).starts_at
        if until <= self.closed.until:
            return None
        gone = {visit for visit, stay in self._stays.items() if stay.last_at < until}
        person = persons(self._stays, self._links())
        visitors = Counter(self.closed.visitors) + Counter(self._stays[visit].source for visit in gone)
        # A person with a visit in an open day is counted there.
        unique = len({person[visit] for visit in gone} - {person[visit] for visit in self._stays.keys() - gone})
        return Closed(until=until, visitors=dict(visitors), unique=self.closed.unique + unique)

    def close(self, closed: Closed) -> list[Visit]:
        """Drop and return the visits of closed days."""
        self.closed = closed
        gone = {visit for visit, stay in self._stays.items() if stay.last_at < closed.until}
        dropped = [told.pop(visit) for told in self._minutes.values() for visit in gone & told.keys()]
        self._minutes = defaultdict(dict, {minute: told for minute, told in self._minutes.items() if told})
        self._windows = defaultdict(set, {each: at for each, at in self._windows.items() if each.open_at(closed.until)})
        for visit in gone:
            del self._stays[visit]
            self._alike.pop(visit, None)
        self._near = defaultdict(dict, {pair: near for pair, near in self._near.items() if not gone & set(pair)})
        return dropped

    def counts(self) -> Iterator[Count]:
        """The counts of each open window: of every camera with visits, then over all."""
        person = persons(self._stays, self._links())
        for window, minutes in self._windows.items():
            yield from self._counted(window, [told for at in minutes if (told := self._minutes.get(at))], person)
        if self.began_at is not None:
            yield from self._counted(Window("running", self.began_at, None), list(self._minutes.values()), person)

    def _counted(self, window: Window, told: list[dict[int, Visit]], person: dict[int, int]) -> Iterator[Count]:
        base = self.closed if window.kind == "running" else Closed()
        visits: dict[str, set[int]] = defaultdict(set)
        updated: dict[str, int] = dict.fromkeys(base.visitors, base.until)
        restarted: dict[str, int] = {}
        for each in (each for minute in told for each in minute.values()):
            visits[each.source].add(each.id)
            updated[each.source] = max(updated.get(each.source, 0), each.last_at)
            if each.restarted_at is not None and each.restarted_at >= window.starts_at:
                restarted[each.source] = max(restarted.get(each.source, 0), each.restarted_at)
        seen = {source: base.visitors.get(source, 0) + len(visits[source]) for source in updated}
        for source, visitors in seen.items():
            yield Count(window, source, visitors, visitors, updated[source], restarted.get(source))
        unique = base.unique + len({person[visit] for ids in visits.values() for visit in ids})
        latest = max(restarted.values(), default=None)
        yield Count(window, None, sum(seen.values()), unique, max(updated.values(), default=0), latest)

    def _compare(self, visit: Visit) -> None:
        """Store the distances to the other visits of this minute."""
        for other in self._minutes[visit.minute].values() if visit.path else ():
            if other.source != visit.source and other.path:
                one, two = sorted((visit, other), key=lambda each: each.id)
                self._near[one.id, two.id][visit.minute] = shared(one.path, two.path)

    def _links(self) -> Iterator[Link]:
        for (one, other), minutes in self._near.items():
            moments = sum(count for count, _ in minutes.values())
            if moments >= _MOMENTS:
                distance = sum(count * distance for count, distance in minutes.values()) / moments
                if distance <= self._near_m:
                    yield Link(distance, one, other)
        for visit, other in self._alike.items():
            if other in self._stays:
                yield Link(_LOOKS, min(visit, other), max(visit, other))
