"""The state of the broker, and the state message that every browser gets once a second."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from itertools import accumulate

import msgspec
from msgspec import Struct

from web.live.newest import NewestFrames

# Beside the names a message holds the topics; 30 cameras on five topics take 2 kB.
NAMES_BYTES = 16_000

Ages = list[float | None]


class TopicState(Struct, frozen=True):
    """The index of this topic in a source's ages, and the number of its invalid records."""

    at: int
    bad: int


class _State(Struct, frozen=True, tag_field="say", tag="state"):
    now: int
    bus: str
    for_s: int
    topics: dict[str, TopicState]
    sources: dict[str, Ages]  # seconds since the last frame on each topic
    unnamed: int
    crowded: bool


class BrokerState:
    """The state of the broker: waiting (never seen yet), joining, ready or lost."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.state = "waiting"
        self._since = time.monotonic()

    def become(self, state: str) -> bool:
        """Set the state; whether it changed."""
        if state == self.state:
            return False
        self.state, self._since = state, time.monotonic()
        return True

    @property
    def for_s(self) -> int:
        """Seconds in this state."""
        return int(time.monotonic() - self._since)


def state_message(
    newest: NewestFrames, bus: BrokerState, topics: Collection[str], watched: Collection[str] = ()
) -> str:
    """The state message for a browser that may see these topics and watches these sources, below 20 kB."""
    seen = [topic for topic in newest.frames if topic in topics]
    sources = _ages(newest, seen, watched)
    named = _as_many_as_fit(sources)
    state = _State(
        now=time.time_ns() // 1000,
        bus=bus.state,
        for_s=bus.for_s,
        topics={topic: TopicState(at, newest.bad[topic]) for at, topic in enumerate(seen)},
        sources=named,
        unnamed=len(sources) - len(named),
        crowded=newest.sources.is_crowded(time.monotonic()),
    )
    return msgspec.json.encode(state).decode()


def _ages(newest: NewestFrames, topics: Collection[str], watched: Collection[str]) -> dict[str, Ages]:
    """The ages of every source on these topics: watched ones first, then steady, then recent ones."""
    now = time.monotonic()
    names = sorted(newest.sources.in_order(now), key=lambda name: name not in watched)
    ages = {name: newest.ages(name, topics, now) for name in names}
    return {name: each for name, each in ages.items() if any(age is not None for age in each)}


def _as_many_as_fit(sources: Mapping[str, Ages]) -> dict[str, Ages]:
    # Sources name themselves: a name may take half a kilobyte.
    sizes = accumulate(len(msgspec.json.encode(each)) for each in sources.items())
    return {name: ages for (name, ages), size in zip(sources.items(), sizes, strict=True) if size <= NAMES_BYTES}
