"""A websocket client that speaks the viewer's protocol, without a browser."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.web.viewing import Viewing


@dataclass
class Picture:
    """One binary message: which view, its number, and the sides by name."""

    view: str
    n: int
    sides: dict[str, dict[str, Any]]
    jpegs: dict[str, bytes]

    def seq(self, side: str = "right") -> int:
        return int(self.sides[side]["seq"])


@dataclass
class SocketClient:
    """One open websocket."""

    socket: aiohttp.ClientWebSocketResponse

    async def send(self, **command: Any) -> None:
        await self.socket.send_str(json.dumps(command))

    async def picture(self, timeout_s: float = 10) -> Picture:
        """The next picture; texts before it are passed over. Fails where the socket closes or none comes."""
        while True:
            message = await self.socket.receive(timeout_s)
            if message.type is aiohttp.WSMsgType.BINARY:
                return read_picture(message.data)
            assert message.type is aiohttp.WSMsgType.TEXT, f"Expected a picture, got {message}"

    async def text(self, kind: str, timeout_s: float = 10) -> dict[str, Any]:
        """The next text that says this."""
        while True:
            message = await self.socket.receive(timeout_s)
            assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), f"Expected a text, got {message}"
            if message.type is aiohttp.WSMsgType.TEXT and (said := json.loads(message.data))["say"] == kind:
                return dict(said)

    async def close_code(self, timeout_s: float = 10) -> int | None:
        """How the viewer closed it."""
        while not self.socket.closed:
            await self.socket.receive(timeout_s)
        return self.socket.close_code


def read_picture(message: bytes) -> Picture:
    """Take a binary message apart."""
    length = int.from_bytes(message[:4], "big")
    header = json.loads(message[4 : 4 + length])
    at, jpegs = 4 + length, {}
    for side in header["sides"]:
        jpegs[side["side"]] = message[at : at + side["bytes"]]
        at += side["bytes"]
    assert at == len(message)
    return Picture(header["view"], header["n"], {side["side"]: side["frame"] for side in header["sides"]}, jpegs)


@asynccontextmanager
async def connect(viewing: Viewing, **options: Any) -> AsyncIterator[SocketClient]:
    """Open a websocket to the viewer."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{viewing.url}/ws", max_msg_size=0, **options) as socket,
    ):
        yield SocketClient(socket)
