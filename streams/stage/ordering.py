"""Lanes: the frames of one producer's run pass one at a time, in order, and may see what follows them.

They meet the same memory, as long as that is kept; a lane itself is there while a frame is under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from functions.core.frame import Frame
from streams.runtime.source_memory import Key, Remembered, key_of

Memory = tuple[Any, ...]
# Memory is asked for by the thread that needs it: what waits for a thread holds none.
Call = Callable[[Callable[[], Memory]], Awaitable[list[bytes]]]
_SILENT_AFTER = 2.0  # windows without a frame: nothing more is waited for


@dataclass
class Known:
    """What is remembered of a source: its state while nobody uses it, and the number of its last frame."""

    state: Any = None
    last: int = -1


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
        """Drop all that was remembered; frames that are under way end among themselves."""
        self._lanes: dict[Key, Lane] = {}
        self._remembered = Remembered(self._places, lambda key: Known(), self._drop)

    async def run(self, frame: Frame, call: Call) -> list[bytes]:
        """The call's result, made in this frame's turn with the memory for it."""
        key, lanes = key_of(frame), self._lanes
        lane = lanes.setdefault(key, Lane(self._new_state, self._window_s, self._remembered))
        try:
            return await lane.run(frame, call)
        finally:
            if lane.is_empty:
                lanes.pop(key, None)

    def _drop(self, key: Key, known: Known, why: str) -> None:
        known.state = None  # a frame that waits for a thread would keep it
        self._forgotten(key, why)


class Lane:
    """What the frames of one run share: their turns, and a window of so many seconds in which they see what follows."""

    def __init__(self, new_state: Callable[[], Any], window_s: float | None, remembered: Remembered[Known]) -> None:
        self._new_state, self._window_s, self._remembered = new_state, window_s, remembered
        self._lock = asyncio.Lock()
        self._news = asyncio.Event()
        self._arrived: list[Frame] = []
        self._arrived_at = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether no frame is under way."""
        return not self._arrived

    async def run(self, frame: Frame, call: Call) -> list[bytes]:
        """The call's result, made in this frame's turn with the memory for it."""
        self._arrived.append(frame)
        self._arrived_at = time.monotonic()
        self._news.set()
        try:
            async with self._lock:
                await self._see_ahead(frame, self._window_s or 0.0)
                return await self._with_state(frame, call)
        finally:
            self._arrived.remove(frame)

    async def _with_state(self, frame: Frame, call: Call) -> list[bytes]:
        ahead = () if self._window_s is None else (self._ahead_of(frame, self._window_s),)
        known = self._remembered.see(key_of(frame))
        if frame.seq <= known.last:  # a repeat: its result is made, the memory is not touched
            return await call(lambda: (self._new_state(), *ahead))
        known.last = frame.seq
        taken: list[Any] = []

        def memory() -> Memory:
            # Taken out while in use: after an error or a time-out the next frame starts with a new one.
            state, known.state = known.state, None
            taken.append(self._new_state() if state is None else state)
            return (taken[0], *ahead)

        results = await call(memory)
        known.state = taken[0]
        return results

    async def _see_ahead(self, frame: Frame, window_s: float) -> None:
        """Wait until a frame from behind the window is there, or none comes any more."""
        while not self._has_all_ahead_of(frame, window_s):
            left_s = self._arrived_at + _SILENT_AFTER * window_s - time.monotonic()
            if left_s <= 0:
                return
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._news.wait()

    def _has_all_ahead_of(self, frame: Frame, window_s: float) -> bool:
        end = frame.captured_at + 1e6 * window_s
        return any(other.captured_at > end for other in self._arrived)

    def _ahead_of(self, frame: Frame, window_s: float) -> tuple[Frame, ...]:
        end = frame.captured_at + 1e6 * window_s
        later = (other for other in self._arrived if other.seq > frame.seq)
        return tuple(other for other in later if other.captured_at <= end)
