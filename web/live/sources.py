"""The sources that the viewer remembers: a bounded number, in which a flood of names evicts no live camera."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

FORGET_S = 300.0
# A source known for so long keeps its place while it goes on at its own pace, and through a pause like that of a bus.
STEADY_S, PAUSE_S = 5.0, 15.0
# A new name keeps its place for so long without a second frame while others want it.
GRACE_S = 2.0
# What the pictures of those take that are not steady: two hundred names with a large picture each would be much.
NEWCOMERS_BYTES = 48 * 1024 * 1024


@dataclass
class _Sight:
    """When a source was seen, and its bytes by topic; `gap` is the longest time between two of its frames."""

    first: float
    last: float
    gap: float = 0.0
    sizes: dict[str, int] = field(default_factory=dict)

    def again(self, now: float) -> None:
        self.gap = max(self.gap, now - self.last)
        self.last = now

    def goes_on(self, now: float) -> bool:
        return now - self.last <= max(PAUSE_S, 2 * self.gap)

    def is_steady(self, now: float) -> bool:
        return self.last - self.first >= STEADY_S and self.goes_on(now)


class Seen(NamedTuple):
    """When the last frame of a source came, and whether they go on."""

    last: float
    goes_on: bool


class Sources:
    """The names remembered, the most recently seen last; times of time.monotonic().

    New names evict one another, never a live source; where live ones take all places, a new one is turned away.
    `turned_away` counts frames of such, `forgotten` the names evicted or silent.
    """

    def __init__(self, places: int, forget: Callable[[str], None]) -> None:
        self.places = places
        self.turned_away = self.forgotten = 0
        self._forget = forget
        self._sights: OrderedDict[str, _Sight] = OrderedDict()
        self._crowded_until = 0.0
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._sights)

    def __contains__(self, name: str) -> bool:
        return name in self._sights

    def see(self, name: str, topic: str, size: int, now: float) -> bool:
        """Note a frame of so many bytes; False where its source is turned away."""
        if not (self._is_known(name, now) and self._fits(self._sights[name], topic, size, now)):
            self.turned_away += 1
            return False
        self._bytes += size - self._sights[name].sizes.get(topic, 0)
        self._sights[name].sizes[topic] = size
        return True

    def _is_known(self, name: str, now: float) -> bool:
        if (sight := self._sights.get(name)) is not None:
            sight.again(now)
            self._sights.move_to_end(name)
            return True
        if len(self._sights) >= self.places and not self._make_room(now):
            return False
        self._sights[name] = _Sight(now, now)
        return True

    def _fits(self, sight: _Sight, topic: str, size: int, now: float) -> bool:
        """Whether a frame's bytes fit; a source refused for them is remembered, and becomes steady, all the same."""
        more = size - sight.sizes.get(topic, 0)
        # All there are first, since it is quick: few viewers come near the limit.
        while (
            self._bytes + more > NEWCOMERS_BYTES
            and not sight.is_steady(now)
            and self._newcomers_bytes(now) + more > NEWCOMERS_BYTES
        ):
            if not self._make_room(now):
                return False
        return True

    def _newcomers_bytes(self, now: float) -> int:
        return sum(sum(sight.sizes.values()) for sight in self._sights.values() if not sight.is_steady(now))

    def seen(self, name: str, now: float) -> Seen:
        """When a source sent last, and whether its frames go on at its own pace."""
        sight = self._sights[name]
        return Seen(sight.last, sight.goes_on(now))

    def forget_silent(self, now: float) -> None:
        """Forget sources that have been silent for minutes."""
        while self._sights and now - next(iter(self._sights.values())).last > FORGET_S:
            self._drop(next(iter(self._sights)))

    def is_crowded(self, now: float) -> bool:
        """Whether there were more names than places in the last seconds."""
        return now < self._crowded_until

    def in_order(self, now: float) -> list[str]:
        """All names: steady sources first, then the most recently seen."""
        latest_first = list(reversed(self._sights))
        return sorted(latest_first, key=lambda name: not self._sights[name].is_steady(now))

    def _make_room(self, now: float) -> bool:
        self._crowded_until = now + STEADY_S
        for name, sight in self._sights.items():
            if now - sight.last < GRACE_S:
                return False
            if not sight.is_steady(now):
                self._drop(name)
                return True
        return False

    def _drop(self, name: str) -> None:
        self._bytes -= sum(self._sights.pop(name).sizes.values())
        self.forgotten += 1
        self._forget(name)
