"""A fair queue: sources take turns, so that a busy one delays no other."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from itertools import count
from queue import SimpleQueue
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
Ahead = Callable[[], object]
_REMEMBERED = 4096  # sources whose last turn is known; fewer wait at once


class FairQueue(Generic[T]):
    """Takes from the source with the fewest calls under way; of equals, from the one served least recently.

    A new source queues behind all that wait: else a flood of new names would starve the others. There is a signal for
    each item that may be taken: of a source's items that go one at a time, the next one's comes when one is over.
    Until then a taker with nothing to take does what `ahead_of` says can be done of it ahead of its turn, which raises
    nothing.
    """

    def __init__(self, ahead_of: Callable[[T], Ahead | None] = lambda item: None) -> None:
        self._ahead_of = ahead_of
        self._waiting: dict[str, deque[T]] = {}
        self._held_back: Counter[str] = Counter()
        self._under_way: Counter[str] = Counter()
        self._being_prepared: set[str] = set()  # sources whose next has something done ahead
        self._are_due: set[str] = set()  # those among them whose next may be taken as soon as that is done
        self._last: OrderedDict[str, int] = OrderedDict()
        self._ends = count(1)
        self._lock = Lock()
        # Whether there is one to take, or this is the end; or a source whose next may have something done ahead.
        self._signals: SimpleQueue[bool | str] = SimpleQueue()

    def put(self, source: str, item: T, one_at_a_time: bool = False) -> None:
        """Add one of this source; a source's own stay in order, and those `one_at_a_time` wait for one another."""
        with self._lock:
            is_held_back = one_at_a_time and (source in self._waiting or source in self._under_way)
            self._waiting.setdefault(source, deque()).append(item)
            if is_held_back:
                self._held_back[source] += 1
                if len(self._waiting[source]) == 1:
                    self._offer_ahead(source)
            else:
                self._signals.put(True)
            if source not in self._last:
                self._note(source)

    def end(self) -> None:
        """End one taker, once all that might be taken before is taken."""
        self._signals.put(False)

    def take(self) -> tuple[str, T] | None:
        """Wait for the next, None at the end; `over` is called when it is done."""
        while (signal := self._signals.get()) is not False:
            if signal is True:
                return self._take()
            self._prepare(signal)
        return None

    def _take(self) -> tuple[str, T]:
        with self._lock:
            source = min(self._waiting, key=self._comes_after)
            item = self._waiting[source].popleft()
            if not self._waiting[source]:
                del self._waiting[source]
            elif source in self._held_back:
                self._offer_ahead(source)
            if not self._waiting:
                self._last.clear()  # nobody has waited for anybody
            self._under_way[source] += 1
        return source, item

    def _comes_after(self, source: str) -> tuple[bool, int, int]:
        return source in self._being_prepared, self._under_way[source], self._last.get(source, 0)

    def _offer_ahead(self, source: str) -> None:
        if self._ahead_of(self._waiting[source][0]):
            self._signals.put(source)

    def _prepare(self, source: str) -> None:
        """Do ahead what the next of this source can have done, unless its turn has come."""
        with self._lock:
            waiting = self._waiting.get(source, ())
            if source in self._being_prepared or len(waiting) > self._held_back[source] or not waiting:
                return
            ahead = self._ahead_of(waiting[0])
            self._being_prepared.add(source)
        try:
            if ahead:
                ahead()
        finally:
            with self._lock:
                self._being_prepared.remove(source)
                if source in self._are_due:
                    self._are_due.remove(source)
                    self._signals.put(True)

    def over(self, source: str, keeps_turn: bool = False) -> None:
        """One of this source is done; one that was skipped does not count as its turn."""
        with self._lock:
            _one_less(self._under_way, source)
            if not keeps_turn:
                self._note(source)
            if source in self._held_back:
                _one_less(self._held_back, source)
                if source in self._being_prepared:
                    self._are_due.add(source)
                else:
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
