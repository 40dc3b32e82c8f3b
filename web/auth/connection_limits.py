"""Limits on a server's connections: open ones for each address, and deadlines for requests to arrive."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Any, cast

import h11
import uvloop
from uvicorn.protocols.http.h11_impl import H11Protocol

from web.auth.access import is_loopback, network_of

# Deadline of a TLS handshake, of a request to arrive whole, and of the next one on the same connection.
REQUEST_S = 10.0
# A browser opens six, and a websocket for each page; behind a proxy on this host all come from loopback.
MAX_OPEN, MAX_OPEN_HERE = 100, 500
_END_OF_HEADERS = b"\r\n\r\n"


class Connections:
    """The open connections of each address."""

    def __init__(self) -> None:
        self._open: defaultdict[str, dict[_Counted, None]] = defaultdict(dict)

    def counted(self, server: Callable[[], asyncio.Protocol]) -> Callable[[], asyncio.Protocol]:
        """A factory of protocols that enforces the limits in front of another."""
        return lambda: _Counted(self, server())

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    def admit(self, made: _Counted, host: str) -> bool:
        """Count a connection; at the limit, the oldest one without a request is closed for it, else it is refused."""
        of_address = self._open[network_of(host)]
        if len(of_address) >= (MAX_OPEN_HERE if is_loopback(host) else MAX_OPEN):
            idle = next((each for each in of_address if not each.has_asked), None)
            if idle is None:
                return False
            self.forget(idle, host)
            idle.abort()
        self._open[network_of(host)][made] = None
        return True

    def forget(self, ended: _Counted, host: str) -> None:
        """Stop counting a connection."""
        address = network_of(host)
        self._open[address].pop(ended, None)
        if not self._open[address]:
            del self._open[address]


class _Counted(asyncio.Protocol):
    """Wraps a server's protocol, which sees admitted connections only."""

    def __init__(self, connections: Connections, server: asyncio.Protocol) -> None:
        self._connections, self._server = connections, server
        self._host, self._tail, self.has_asked, self._is_admitted = "", b"", False, False

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not inherit from asyncio.Transport
        self._host = str((transport.get_extra_info("peername") or ("",))[0])
        self._is_admitted = self._connections.admit(self, self._host)
        if self._is_admitted:
            asyncio.get_running_loop().call_later(REQUEST_S, self._expect_headers)
            self._server.connection_made(transport)
        else:
            self.abort()

    def data_received(self, data: bytes) -> None:
        if not self.has_asked:
            self.has_asked = _END_OF_HEADERS in self._tail + data
            self._tail = (self._tail + data)[1 - len(_END_OF_HEADERS) :]
        if self._is_admitted:
            self._server.data_received(data)

    def eof_received(self) -> bool | None:
        return self._server.eof_received() if self._is_admitted else None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_admitted:
            self._connections.forget(self, self._host)
            self._server.connection_lost(exc)

    def _expect_headers(self) -> None:
        if not self.has_asked:
            self.abort()

    def pause_writing(self) -> None:
        self._server.pause_writing()

    def resume_writing(self) -> None:
        self._server.resume_writing()


class Loop(uvloop.Loop):
    """An event loop whose servers limit their connections: neither uvicorn nor aiohttp has an option for that."""

    async def create_server(  # type: ignore[override]
        self, server: Callable[[], asyncio.Protocol], *args: Any, **options: Any
    ) -> asyncio.AbstractServer:
        """Limits connections, and gives TLS handshakes a deadline."""
        within: dict[str, Any] = {"ssl_handshake_timeout": REQUEST_S} if options.get("ssl") else {}
        made: asyncio.AbstractServer = await super().create_server(
            Connections().counted(server), *args, **(options | within)
        )
        return made


class Http(H11Protocol):
    """uvicorn's HTTP/1.1 protocol with a deadline for each request to arrive."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._disarm()

    def _watch(self) -> None:
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._disarm()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_S, self.transport.abort)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
