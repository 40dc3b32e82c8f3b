"""Wait for something to become true, with a deadline and a message that says what did not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
_EVERY_S = 0.02


def wait_until(condition: Callable[[], T], timeout_s: float, what: str) -> T:
    """Ask until the answer is true, and give it back. Fails after `timeout_s` with `what` and the last answer."""
    end = time.monotonic() + timeout_s
    while not (answer := condition()):
        if time.monotonic() > end:
            raise AssertionError(_message(what, timeout_s, answer))
        time.sleep(_EVERY_S)
    return answer


async def wait_until_async(condition: Callable[[], T | Awaitable[T]], timeout_s: float, what: str) -> T:
    """The same on the event loop; the condition may be a coroutine function."""
    end = time.monotonic() + timeout_s
    while True:
        answer = condition()
        if isinstance(answer, Awaitable):
            answer = await answer
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(_message(what, timeout_s, answer))
        await asyncio.sleep(_EVERY_S)


def others_turn() -> Awaitable[None]:
    """Whatever else is due on the event loop is done first."""
    return asyncio.sleep(0)


def _message(what: str, timeout_s: float, answer: object) -> str:
    return f"Expected {what} within {timeout_s} s, got {answer!r}"
