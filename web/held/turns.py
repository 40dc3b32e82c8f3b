"""Threads for what takes long: so many at once, so many more wait, others are refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from aiohttp import web

T = TypeVar("T")


class Turns:
    """Runs work on threads of its own, beside which those of live pictures are free."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(at_once, "held")
        self._most, self._there = at_once + waiting, 0

    async def run(self, work: Callable[[], T]) -> T:
        """What the work gives. Raises HTTPTooManyRequests where too many wait, and what the work raises."""
        if self._there >= self._most:
            text = f"Expected at most {self._most} at once who look back, got one more: try again\n"
            raise web.HTTPTooManyRequests(text=text, headers={"Retry-After": "1"})
        self._there += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._there -= 1
