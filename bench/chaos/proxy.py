"""A network that can be spoilt: a TCP proxy before a broker that stalls, cuts and delays."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any, Self

_CHUNK = 16 * 1024


class Proxy:
    """Passes connections on to a broker on this host, from its own thread; see `stall`, `go_on`, `slow` and `cut`."""

    def __init__(self, port: int, to_port: int) -> None:
        self._port, self._to_port = port, to_port
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._delay_s = 0.0
        self._bytes_per_s = 0.0
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    def stall(self) -> None:
        """Let nothing pass and say nothing: as a cable that was pulled."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def go_on(self) -> None:
        """Let everything pass, what was held back first."""
        self._loop.call_soon_threadsafe(self._flows.set)

    def slow(self, delay_s: float = 0.0, bytes_per_s: float = 0.0) -> None:
        """Hold up what passes for so long each way, and let no more pass a second; zeros are as before."""
        self._delay_s, self._bytes_per_s = delay_s, bytes_per_s

    def cut(self) -> None:
        """Close every connection there is; new ones are taken."""
        self._do(self._cut())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=5)

    async def _start(self) -> None:
        self._flows.set()
        await asyncio.start_server(self._serve, "127.0.0.1", self._port)

    async def _cut(self) -> None:
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._writers |= ends
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        finally:
            self._writers -= ends

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction: each chunk leaves in order, once its delay and its share of the bandwidth are over."""
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        leaving = asyncio.create_task(self._leave(on_the_way, writer))
        with contextlib.suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                on_the_way.put_nowait((self._loop.time() + self._delay_s, chunk))
                if self._bytes_per_s:
                    await asyncio.sleep(len(chunk) / self._bytes_per_s)
        on_the_way.put_nowait((0.0, b""))
        await leaving

    async def _leave(self, on_the_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while True:
                due, chunk = await on_the_way.get()
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                await self._flows.wait()
                if not chunk:
                    break
                writer.write(chunk)
                await writer.drain()
        writer.close()
