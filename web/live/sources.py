"""Which sources the viewer remembers: those that are live, and of other names as many as there are places for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FORGET_S = 300.0
# Known for so long, a source keeps its place while it goes on at its own pace.
STEADY_S = 5.0
# So long a new name may keep its place without a second frame while others wait for one.
GRACE_S = 2.0


@dataclass
class _Sight:
    """When a source was seen; `gap` is its longest silence that it ended itself."""

    first: float
    last: float
    gap: float = 0.0

    def again(self, now: float) -> None:
        self.gap = max(self.gap, now - self.last)
        self.last = now

    def is_steady(self, now: float) -> bool:
        return self.last - self.first >= STEADY_S and now - self.last <= max(STEADY_S, 2 * self.gap)


class Sources:
    """The names that are remembered, the one that was seen last comes last; all times of time.monotonic().

    A flood of new names takes the places of each other, never of a source that is live: where all are taken by those, a
    new one is turned away. `turned_away` counts its frames, `forgotten` the names that made room or were silent.
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
        """Note a frame of a source; False where there is no place for it."""
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
        """Forget whoever has been silent for minutes."""
        while self._sights and now - next(iter(self._sights.values())).last > FORGET_S:
            self._drop(next(iter(self._sights)))

    def is_crowded(self, now: float) -> bool:
        """Whether there were more names than places a moment ago."""
        return now < self._crowded_until

    def in_order(self, now: float) -> list[str]:
        """All names: first those that are steady, then whoever was seen last."""
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
