"""Which visits are visits of one person: those that belong together, joined from the nearest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from functions.counting.visits import SECOND

# A camera may see somebody twice for a moment, but not for longer.
_TWICE = SECOND


class Stay(NamedTuple):
    """Where and when (µs) a visit was."""

    source: str
    first_at: int
    last_at: int


class Link(NamedTuple):
    """Two visits, the lower number first, that may be one person's: the stronger the smaller `distance` is."""

    distance: float
    one: int
    other: int


def persons(stays: Mapping[int, Stay], links: Iterable[Link]) -> dict[int, int]:
    """The person of each visit, named by one of that person's visits.

    The nearest are joined first, and nobody is at one camera twice at a time. The order in which visits and links are
    given changes nothing.
    """
    members = {visit: [visit] for visit in stays}
    person = {visit: visit for visit in stays}
    for _, one, other in sorted(links):
        first, second = sorted((person[one], person[other]))
        if first != second and not _twice_at_a_time(stays, members[first], members[second]):
            members[first] += members[second]
            person |= dict.fromkeys(members.pop(second), first)
    return person


def _twice_at_a_time(stays: Mapping[int, Stay], ones: Iterable[int], others: list[int]) -> bool:
    return any(_clash(stays[one], stays[other]) for one in ones for other in others)


def _clash(one: Stay, other: Stay) -> bool:
    together = min(one.last_at, other.last_at) - max(one.first_at, other.first_at)
    return one.source == other.source and together > _TWICE
