"""A queue that lets sources take turns, so that one with much to do keeps no other waiting."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from queue import SimpleQueue
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Gives out what waits: the source with the fewest under way is next, of equals the one that waits longest."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[T]] = OrderedDict()
        self._under_way: Counter[str] = Counter()
        self._kept: set[str] = set()
        self._lock = Lock()
        self._signals: SimpleQueue[bool] = SimpleQueue()

    def put(self, source: str, item: T) -> None:
        """One more of this source; its own stay in order."""
        with self._lock:
            self._waiting.setdefault(source, deque()).append(item)
            if source in self._kept:
                self._waiting.move_to_end(source, last=False)
        self._signals.put(True)

    def end(self) -> None:
        """One taker gets nothing more, once all that was put before is taken."""
        self._signals.put(False)

    def take(self) -> tuple[str, T] | None:
        """Wait for the next; None at the end. Whoever takes one says when it is `over`."""
        if not self._signals.get():
            return None
        with self._lock:
            source = min(self._waiting, key=self._under_way.__getitem__)
            item = self._waiting[source].popleft()
            if self._waiting[source]:
                self._waiting.move_to_end(source)
            else:
                del self._waiting[source]
            self._kept.discard(source)
            if not self._waiting:
                self._kept.clear()
            self._under_way[source] += 1
        return source, item

    def over(self, source: str, keeps_turn: bool = False) -> None:
        """One of this source is no longer under way; one that was not worth its turn leaves that to the next."""
        with self._lock:
            if keeps_turn:
                self._kept.add(source)
                if source in self._waiting:
                    self._waiting.move_to_end(source, last=False)
            self._under_way[source] -= 1
            if not self._under_way[source]:
                del self._under_way[source]
