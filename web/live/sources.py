"""The bounded set of sources that the viewer remembers, in which a flood of names displaces no live source."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FORGET_S = 300.0
# A source known for so long keeps its place while it goes on at its own pace.
STEADY_S = 5.0
# A new name keeps its place for so long without a second frame while others want it.
GRACE_S = 2.0


@dataclass
class _Sight:
    """When a source was seen; `gap` is the longest time between two of its frames."""

    first: float
    last: float
    gap: float = 0.0

    def again(self, now: float) -> None:
        self.gap = max(self.gap, now - self.last)
        self.last = now

    def is_steady(self, now: float) -> bool:
        return self.last - self.first >= STEADY_S and now - self.last <= max(STEADY_S, 2 * self.gap)


class Sources:
    """Names of sources, the most recently seen last; all times of time.monotonic().

    New names displace one another, never a live source: where live ones take all places, a new one is turned away.
    `turned_away` counts the frames of those, `forgotten` the names that were displaced or silent.
    """

    def __init__(self, places: int, forget: Callable[[str], None]) -> None:
        self.places = places
        self.turned_away = self.forgotten = 0
        self._forget = forget
        self._sights: OrderedDict[str, _Sight] = OrderedDict()
        self._crowded_until = 0.0

    def __len__(self) -> int:
        return len(self._sights)

    def see(self, name: str, now: float) -> bool:
        """Note a frame of a source; False where the source is turned away."""
        if (sight := self._sights.get(name)) is not None:
            sight.again(now)
            self._sights.move_to_end(name)
            return True
        if len(self._sights) >= self.places and not self._make_room(now):
            self.turned_away += 1
            return False
        self._sights[name] = _Sight(now, now)
        return True

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
        del self._sights[name]
        self.forgotten += 1
        self._forget(name)
