"""A real HTTP server that takes webhooks, or not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Self

from aiohttp import web

from tests.processes import free_port


class Post(NamedTuple):
    path: str
    headers: Mapping[str, str]
    body: bytes


class Hooks:
    """Answers with these statuses, one after the other, and then with the last; redirects lead to /elsewhere."""

    def __init__(self, statuses: Iterable[int]) -> None:
        self.port = free_port()
        self.posts: list[Post] = []
        self._statuses = list(statuses)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def _answer(self, request: web.Request) -> web.Response:
        self.posts.append(Post(request.path, dict(request.headers), await request.read()))
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        return web.Response(status=status, headers={"Location": "/elsewhere"})
