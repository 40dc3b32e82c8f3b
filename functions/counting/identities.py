"""Identities: visits at several cameras are clustered into persons, the closest links first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from functions.counting.visits import SECOND

# Two visits at one camera may overlap for so long and still be one person's (a track that broke).
_MAX_OVERLAP = SECOND


class Stay(NamedTuple):
    """Where and when (µs) a visit was."""

    source: str
    first_at: int
    last_at: int


class Link(NamedTuple):
    """Two visits, the lower id first, that may be one person's; the smaller `distance`, the likelier."""

    distance: float
    one: int
    other: int


def persons(stays: Mapping[int, Stay], links: Iterable[Link]) -> dict[int, int]:
    """The person of each visit, identified by the id of one of that person's visits.

    Links are joined by increasing distance unless that would put one person at a camera twice at a time. The result
    does not depend on the order of visits and links.
    """
    members = {visit: [visit] for visit in stays}
    person = {visit: visit for visit in stays}
    for _, one, other in sorted(links):
        first, second = sorted((person[one], person[other]))
        if first != second and not _any_overlap(stays, members[first], members[second]):
            members[first] += members[second]
            person |= dict.fromkeys(members.pop(second), first)
    return person


def _any_overlap(stays: Mapping[int, Stay], ones: Iterable[int], others: list[int]) -> bool:
    return any(_overlap(stays[one], stays[other]) for one in ones for other in others)


def _overlap(one: Stay, other: Stay) -> bool:
    overlap = min(one.last_at, other.last_at) - max(one.first_at, other.first_at)
    return one.source == other.source and overlap > _MAX_OVERLAP
