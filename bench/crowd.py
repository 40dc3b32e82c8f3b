"""Many websocket clients of one viewer, as browsers are, some of which stop reading."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp
import psutil

from tests.web.socket_client import read_picture
from tests.web.viewing import Viewing

WARM_S, MEASURED_S = 5.0, 20.0
_LOOK_S = 0.5
_TOPIC = "REDACTION_FRAME"


@dataclass(frozen=True)
class Crowd:
    """How many clients there were, what the slowest view got, and how much the viewer's memory grew."""

    clients: int
    slowest_fps: float
    grew_mb: int


async def watch(viewing: Viewing, sources: Sequence[str], readers: int, stalled: int) -> Crowd:
    """Frames a second of the slowest view, and how much the viewer's memory grew at most."""
    process = psutil.Process(viewing.process.pid)
    before = process.memory_info().rss
    counts: list[Counter[str]] = [Counter() for _ in range(readers)]
    url = f"{viewing.url}/ws"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        tasks = [asyncio.create_task(read(session, url, sources, _TOPIC, seen)) for seen in counts]
        tasks += [asyncio.create_task(_stall(session, url, sources)) for _ in range(stalled)]
        await asyncio.sleep(WARM_S)
        for seen in counts:
            seen.clear()
        peak = await _peak(process)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    slowest = min(seen[source] for seen in counts for source in sources)
    return Crowd(readers + stalled, slowest / MEASURED_S, round((peak - before) / 1e6))


async def _peak(process: psutil.Process) -> int:
    highest = 0
    for _ in range(int(MEASURED_S / _LOOK_S)):
        await asyncio.sleep(_LOOK_S)
        highest = max(highest, process.memory_info().rss)
    return highest


async def _ask(socket: aiohttp.ClientWebSocketResponse, sources: Sequence[str], topic: str) -> None:
    for source in sources:
        await socket.send_str(json.dumps({"do": "watch", "view": source, "right": topic, "source": source}))


async def read(
    session: aiohttp.ClientSession, url: str, sources: Sequence[str], topic: str, seen: Counter[str]
) -> None:
    """Watch these sources as a browser does, and count the pictures of each."""
    async with session.ws_connect(url, max_msg_size=0) as socket:
        await _ask(socket, sources, topic)
        async for message in socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                picture = read_picture(message.data)
                seen[picture.view] += 1
                await socket.send_str(json.dumps({"do": "ack", "view": picture.view, "n": picture.n}))


async def _stall(session: aiohttp.ClientSession, url: str, sources: Sequence[str]) -> None:
    """Ask for everything, say that all of it was drawn, and read nothing."""
    async with session.ws_connect(url, max_msg_size=0) as socket:
        await _ask(socket, sources, _TOPIC)
        socket._response.connection.transport.pause_reading()  # type: ignore[union-attr]
        for n in range(1, 10_000):
            for source in sources:
                await socket.send_str(json.dumps({"do": "ack", "view": source, "n": n}))
            await asyncio.sleep(0.02)
