"""What a browser says over the websocket: obeyed or refused, and never shown a topic that it may not see."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

from aiohttp import WSMessage, WSMsgType

from streams.wire import records
from tests.fuzz.record import VECTORS
from tests.wait import others_turn
from web.counts.latest import LatestCounts
from web.live.cameras import Cameras
from web.live.client import MAX_VIEWS, Client, Traffic
from web.live.newest import NewestFrames
from web.live.protocol import MAX_COMMAND_BYTES, BrokerState

MAX_BYTES = 2 * MAX_COMMAND_BYTES
SECRET, OPEN = "SOURCE_FRAME", "REDACTION_FRAME"
_RECORD = records.decode((VECTORS / "plain.msgpack").read_bytes())
_loop = asyncio.new_event_loop()


class _Browser:
    """The far end of a websocket: says its lines, one a message, and keeps what it is sent."""

    def __init__(self, said: bytes) -> None:
        self._lines = iter(said.split(b"\n"))
        self.texts: list[str] = []
        self.pictures: list[bytes] = []
        self.closed = False

    def __aiter__(self) -> _Browser:
        return self

    async def __anext__(self) -> WSMessage:
        for _ in range(3):  # the viewer's turn
            await others_turn()
        line = next(self._lines, None)
        if line is None or self.closed:
            raise StopAsyncIteration
        try:
            return WSMessage(WSMsgType.TEXT, line[:MAX_COMMAND_BYTES].decode(), None)
        except UnicodeDecodeError:  # aiohttp lets none through
            return WSMessage(WSMsgType.BINARY, line, None)

    async def send_str(self, text: str) -> None:
        self.texts.append(text)

    async def send_bytes(self, message: bytes) -> None:
        self.pictures.append(message)

    async def close(self, **_: object) -> None:
        self.closed = True


def one(data: bytes) -> None:
    """Let a viewer serve a browser that says this."""
    _loop.run_until_complete(_serve(data))


async def _serve(data: bytes) -> None:
    browser = _Browser(data)
    newest = NewestFrames([SECRET, OPEN], 128)
    for topic in newest.frames:
        newest.put(topic, _RECORD)
    topics, bus, traffic = frozenset({OPEN}), BrokerState("kafka:9092"), Traffic()
    client = Client(browser, lambda: None, newest, Cameras(()), bus, LatestCounts(), topics, lambda: True, traffic)  # type: ignore[arg-type]
    await client.serve()
    assert len(client._views) <= MAX_VIEWS
    assert not newest._pairings, "what nobody watches any more is kept"
    for text in browser.texts:
        json.loads(text)
        assert f'"{SECRET}":' not in text
    for message in browser.pictures:
        header = json.loads(message[4 : 4 + int.from_bytes(message[:4], "big")])
        assert {side["frame"]["topic"] for side in header["sides"]} == {OPEN}, header


def seeds() -> Iterator[bytes]:
    """Every command, well said and not."""
    watch = b'{"do":"watch","view":"right","right":"REDACTION_FRAME"'
    yield watch + b"}"
    yield watch + b',"left":"REDACTION_FRAME","source":"shop-door"}\n{"do":"ack","view":"right","n":1}'
    yield watch + b',"width":320}\n{"do":"drop","view":"right"}'
    yield watch + b',"left":"SOURCE_FRAME"}'
    yield b'{"do":"watch","view":"a","right":"SOURCE_FRAME"}\n' + watch + b',"left":null,"source":null}'
    yield b'{"do":"sing","view":"a"}'
    yield b'{"do":"counts"}'
    yield b'{"view":"a","n":1e3,"do":"ack"}\n\n[]\nnull'
