"""Per-key ordering: frames of one producer's run go to the threads one after another, and may look ahead.

The state is remembered for a bounded number of sources; a lane exists while one of its frames waits for its turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from bisect import bisect_right, insort
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from functions.core.frame import Frame
from streams.runtime.source_memory import Key, SourceMemory, key_of

# What a function gets beside the frame: nothing, its state, or its state and the frames ahead.
Arguments = tuple[Any, ...]
_SILENT_AFTER = 2.0  # windows without a frame: nothing more is waited for


@dataclass
class Known:
    """The memory of a source: its state while no call has it, and the `seq` of the last frame that a call began with.

    `user` is whose call may give the state back: None once the source is forgotten or the call has failed.
    """

    state: Any = None
    last: int = -1
    user: object = None
    is_forgotten: bool = False


class Use(AbstractContextManager[Arguments]):
    """The arguments of one frame's call, for the thread that makes it to enter: what waits holds no state.

    The state is out meanwhile, and not given back after an error. A repeat's result is made without touching it.
    """

    def __init__(self, known: Known, frame: Frame, ahead: Arguments, new_state: Callable[[], Any]) -> None:
        self._known, self._frame, self._ahead, self._new_state = known, frame, ahead, new_state
        self._state: Any = None
        self._is_given_back = False

    def __enter__(self) -> Arguments:
        known = self._known
        if self._frame.seq > known.last:
            known.last, known.user = self._frame.seq, None if known.is_forgotten else self
            self._state, known.state = known.state, None
        if self._state is None:
            self._state = self._new_state()
        return self._state, *self._ahead

    def __exit__(self, kind: object, *_: object) -> None:
        state, self._state = self._state, None
        if kind is None and self._known.user is self:
            self._known.state, self._is_given_back = state, True

    @contextmanager
    def unless_it_fails(self) -> Iterator[None]:
        """Wraps the wait for the call and what comes after it: one that is not waited for gives nothing back.

        What it has given back goes, too, also from who has it by then: it may be what made the error.
        """
        try:
            yield
        except BaseException:
            if self._known.user is self or self._is_given_back:
                self._known.state = self._known.user = None
            raise


class Lanes:
    """The lanes of a stage, and what it remembers of `places` sources; `forgotten` is told who goes, and why."""

    def __init__(
        self,
        new_state: Callable[[], Any],
        window_s: float | None,
        places: int,
        forgotten: Callable[[Key, str], object],
    ) -> None:
        self._new_state, self._window_s = new_state, window_s
        self._places, self._forgotten = places, forgotten
        self.forget()

    def __len__(self) -> int:
        return len(self._remembered)

    def forget(self) -> None:
        """Drop all state; frames in flight finish by themselves."""
        self._lanes: dict[Key, Lane] = {}
        self._remembered = SourceMemory(self._places, lambda key: Known(), self._drop)

    @asynccontextmanager
    async def turn(self, frame: Frame) -> AsyncIterator[Use]:
        """Within, it is this frame's turn to be put before a thread; yields what the thread enters around the call."""
        key, lanes = key_of(frame), self._lanes
        lane = lanes.setdefault(key, Lane(self._window_s))
        try:
            async with lane.turn(frame) as ahead:
                yield Use(self._remembered.see(key), frame, ahead, self._new_state)
        finally:
            if lane.is_empty:
                lanes.pop(key, None)

    def _drop(self, key: Key, known: Known, why: str) -> None:
        known.is_forgotten, known.state, known.user = True, None, None  # a frame that waits for a thread would keep it
        self._forgotten(key, why)


class Lane:
    """The frames of one run: one at a time, in order, once the window that they look ahead is complete."""

    def __init__(self, window_s: float | None) -> None:
        self._window_s = window_s
        self._lock = asyncio.Lock()
        self._news = asyncio.Event()
        self._arrived: list[Frame] = []  # by their time
        self._arrived_at = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether no frame waits."""
        return not self._arrived

    @asynccontextmanager
    async def turn(self, frame: Frame) -> AsyncIterator[Arguments]:
        """Within, it is no other frame's turn; yields the frames ahead."""
        insort(self._arrived, frame, key=_captured_at)
        self._arrived_at = time.monotonic()
        self._news.set()
        try:
            async with self._lock:
                if self._window_s is None:
                    yield ()
                else:
                    await self._see_ahead(frame, self._window_s)
                    yield (self._ahead_of(frame, self._window_s),)
        finally:
            self._arrived.remove(frame)

    async def _see_ahead(self, frame: Frame, window_s: float) -> None:
        """Wait for a frame beyond the window, or for silence."""
        while not self._has_all_ahead_of(frame, window_s):
            left_s = self._arrived_at + _SILENT_AFTER * window_s - time.monotonic()
            if left_s <= 0:
                return
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._news.wait()

    def _has_all_ahead_of(self, frame: Frame, window_s: float) -> bool:
        return self._arrived[-1].captured_at > frame.captured_at + 1e6 * window_s

    def _ahead_of(self, frame: Frame, window_s: float) -> tuple[Frame, ...]:
        within = bisect_right(self._arrived, frame.captured_at + 1e6 * window_s, key=_captured_at)
        return tuple(other for other in self._arrived[:within] if other.seq > frame.seq)


_captured_at = attrgetter("captured_at")
