"""A fair queue: sources take turns, so that a busy one delays no other."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from itertools import count
from queue import SimpleQueue
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
_REMEMBERED = 4096  # sources whose last turn is known; fewer wait at once


class FairQueue(Generic[T]):
    """Takes from the source with the fewest calls under way; of equals, from the one served least recently.

    A new source queues behind all that wait: else a flood of new names would starve the others. There is a signal for
    each item that may be taken: of a source's items that go one at a time, the next one's comes when one is over.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[T]] = {}
        self._held_back: Counter[str] = Counter()
        self._under_way: Counter[str] = Counter()
        self._last: OrderedDict[str, int] = OrderedDict()
        self._ends = count(1)
        self._lock = Lock()
        self._signals: SimpleQueue[bool] = SimpleQueue()

    def put(self, source: str, item: T, one_at_a_time: bool = False) -> None:
        """Add one of this source; a source's own stay in order, and those `one_at_a_time` wait for one another."""
        with self._lock:
            if one_at_a_time and (source in self._waiting or source in self._under_way):
                self._held_back[source] += 1
            else:
                self._signals.put(True)
            self._waiting.setdefault(source, deque()).append(item)
            if source not in self._last:
                self._note(source)

    def end(self) -> None:
        """End one taker, once all that might be taken before is taken."""
        self._signals.put(False)

    def take(self) -> tuple[str, T] | None:
        """Wait for the next, None at the end; `over` is called when it is done."""
        if not self._signals.get():
            return None
        with self._lock:
            source = min(self._waiting, key=lambda each: (self._under_way[each], self._last.get(each, 0)))
            item = self._waiting[source].popleft()
            if not self._waiting[source]:
                del self._waiting[source]
            if not self._waiting:
                self._last.clear()  # nobody has waited for anybody
            self._under_way[source] += 1
        return source, item

    def over(self, source: str, keeps_turn: bool = False) -> None:
        """One of this source is done; one that was skipped does not count as its turn."""
        with self._lock:
            _one_less(self._under_way, source)
            if not keeps_turn:
                self._note(source)
            if source in self._held_back:
                _one_less(self._held_back, source)
                self._signals.put(True)

    def _note(self, source: str) -> None:
        self._last.pop(source, None)
        self._last[source] = next(self._ends)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)


def _one_less(counts: Counter[str], source: str) -> None:
    counts[source] -= 1
    if not counts[source]:
        del counts[source]
