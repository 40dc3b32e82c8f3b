"""A lane a source: its frames pass one at a time, in order, meet the same memory, and may see what follows them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any

from functions.frame import Frame
from streams.work import Skipped

Memory = tuple[Any, ...]
_SILENT_AFTER = 2.0  # windows without a frame: nothing more is waited for


class Lane:
    """What one source's frames share: a state, and a window of so many seconds in which they see what follows."""

    def __init__(self, new_state: Callable[[], Any], window_s: float | None) -> None:
        self._new_state, self._window_s = new_state, window_s
        self._lock = asyncio.Lock()
        self._news = asyncio.Event()
        self._arrived: list[Frame] = []
        self._arrived_at = 0.0
        self._state: Any = None
        self._last = ("", -1)

    async def run(self, frame: Frame, call: Callable[[Memory], Awaitable[list[bytes]]]) -> list[bytes]:
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

    async def _with_state(self, frame: Frame, call: Callable[[Memory], Awaitable[list[bytes]]]) -> list[bytes]:
        ahead = () if self._window_s is None else (self._ahead_of(frame, self._window_s),)
        run, last = _run_of(frame), self._last
        if run == last[0] and frame.seq <= last[1]:  # a repeat: its result is made, the memory is not touched
            return await call((self._new_state(), *ahead))
        state = self._new_state() if self._state is None else self._state
        # Taken out while in use: after an error or a time-out the next frame starts with a new one.
        self._state, self._last = None, (run, frame.seq)
        try:
            results = await call((state, *ahead))
        except Skipped:
            self._state = state  # the function has not seen the frame
            raise
        self._state = state
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
        run, end = _run_of(frame), frame.captured_at + 1e6 * window_s
        return any(_run_of(other) != run or other.captured_at > end for other in self._arrived)

    def _ahead_of(self, frame: Frame, window_s: float) -> tuple[Frame, ...]:
        run, end = _run_of(frame), frame.captured_at + 1e6 * window_s
        later = (other for other in self._arrived if _run_of(other) == run and other.seq > frame.seq)
        return tuple(other for other in later if other.captured_at <= end)


def _run_of(frame: Frame) -> str:
    """The producer's run that a frame is from."""
    return frame.id.partition("-")[0]
