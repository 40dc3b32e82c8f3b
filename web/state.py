"""Whether the broker answers, and what the viewer says of itself to every browser once a second."""

from __future__ import annotations

import time
from collections.abc import Collection

import msgspec
from msgspec import Struct

from web.newest import Newest


class TopicState(Struct, frozen=True):
    """Seconds since the last frame of each source, and how many records could not be read."""

    sources: dict[str, float]
    bad: int


class _State(Struct, frozen=True, tag_field="say", tag="state"):
    now: int
    bus: str
    for_s: int
    topics: dict[str, TopicState]


class Bus:
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


def state_message(newest: Newest, bus: Bus, topics: Collection[str]) -> str:
    """What a browser that may see these topics is told."""
    seen = {topic: TopicState(newest.ages(topic), newest.bad[topic]) for topic in newest.frames if topic in topics}
    state = _State(now=time.time_ns() // 1000, bus=bus.state, for_s=bus.for_s, topics=seen)
    return msgspec.json.encode(state).decode()
