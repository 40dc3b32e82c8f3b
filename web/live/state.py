"""Whether the broker answers, and what the viewer says of itself to every browser once a second."""

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
    """Which of a source's ages is that on this topic, and how many records could not be read."""

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
    """What is known of the broker: waiting (never seen yet), joining, ready or lost."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.state = "waiting"
        self._since = time.monotonic()

    def become(self, state: str) -> bool:
        """Note a state; whether it is another one."""
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
    """What a browser that may see these topics and watches these sources is told, in less than 20 kB."""
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
    """Of every source that is on these topics: those that are watched first, then as they matter."""
    now = time.monotonic()
    names = sorted(newest.sources.in_order(now), key=lambda name: name not in watched)
    ages = {name: newest.ages(name, topics, now) for name in names}
    return {name: each for name, each in ages.items() if any(age is not None for age in each)}


def _as_many_as_fit(sources: Mapping[str, Ages]) -> dict[str, Ages]:
    # Names come from strangers: any of them may take half a kilobyte.
    sizes = accumulate(len(msgspec.json.encode(each)) for each in sources.items())
    return {name: ages for (name, ages), size in zip(sources.items(), sizes, strict=True) if size <= NAMES_BYTES}
