"""A queue that lets sources take turns, so that one with much to do keeps no other waiting."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from itertools import count
from queue import SimpleQueue
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
_REMEMBERED = 4096  # sources whose last turn is known; fewer wait at once


class FairQueue(Generic[T]):
    """Gives out what waits: of the source with the fewest under way; of equals, of the one longest without one done.

    A source that is not known stands behind all that wait: else names that are ever new would keep it from others.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[T]] = {}
        self._under_way: Counter[str] = Counter()
        self._last: OrderedDict[str, int] = OrderedDict()
        self._ends = count(1)
        self._lock = Lock()
        self._signals: SimpleQueue[bool] = SimpleQueue()

    def put(self, source: str, item: T) -> None:
        """One more of this source; its own stay in order."""
        with self._lock:
            self._waiting.setdefault(source, deque()).append(item)
            if source not in self._last:
                self._note(source)
        self._signals.put(True)

    def end(self) -> None:
        """One taker gets nothing more, once all that was put before is taken."""
        self._signals.put(False)

    def take(self) -> tuple[str, T] | None:
        """Wait for the next; None at the end. Whoever takes one says when it is `over`."""
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
        """One of this source is no longer under way; one that was not worth its turn leaves that to the next."""
        with self._lock:
            self._under_way[source] -= 1
            if not self._under_way[source]:
                del self._under_way[source]
            if not keeps_turn:
                self._note(source)

    def _note(self, source: str) -> None:
        self._last.pop(source, None)
        self._last[source] = next(self._ends)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)
