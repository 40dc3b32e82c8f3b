"""Identities: visits at several cameras are clustered into persons, the closest links first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product, starmap
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
        pairs = product((stays[visit] for visit in members[first]), (stays[visit] for visit in members[second]))
        if first != second and not any(starmap(_overlap, pairs)):
            members[first] += members[second]
            person |= dict.fromkeys(members.pop(second), first)
    return person


def _overlap(one: Stay, other: Stay) -> bool:
    overlap = min(one.last_at, other.last_at) - max(one.first_at, other.first_at)
    return one.source == other.source and overlap > _MAX_OVERLAP
