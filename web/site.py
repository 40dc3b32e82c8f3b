"""The viewer's pages, files and websocket, with the headers that every answer carries."""

from __future__ import annotations

import html
import string
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import msgspec
from aiohttp import web

from streams.chain import Chain
from web.client import Client
from web.newest import Newest
from web.pages import Page, TopicInfo, pages, pair_page
from web.protocol import MAX_COMMAND_BYTES
from web.state import Bus

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HERE = Path(__file__).parent
_HEARTBEAT_S = 10.0
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on an answer that is about to be sent."""
    response.headers.update(_HEADERS)
    response.headers.popall("Server", None)


class Site:
    """All routes of the viewer."""

    def __init__(self, chain: Chain, infos: dict[str, TopicInfo], newest: Newest, bus: Bus) -> None:
        self._chain, self._infos, self._newest, self._bus = chain, infos, newest, bus
        self._pages = pages(chain)
        self._template = string.Template((_HERE / "page.html").read_text("utf-8"))
        self._open: set[Callable[[], None]] = set()

    def add_to(self, app: web.Application) -> None:
        """Add the routes to an aiohttp application."""
        app.on_response_prepare.append(add_headers)
        for page in self._pages:
            app.router.add_get(page.path, self._page(page))
        app.router.add_get("/pair/{left}/{right}", self._pair)
        app.router.add_get("/ws", self._websocket)
        app.router.add_get("/health", self._health)
        app.router.add_static("/static", _HERE / "static")

    async def close(self) -> None:
        """Let go of every browser."""
        for abort in self._open:
            abort()

    def _page(self, page: Page) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            return self._render(page)

        return answer

    async def _pair(self, request: web.Request) -> web.StreamResponse:
        page = pair_page(self._chain, request.match_info["left"], request.match_info["right"])
        if page is None:
            raise web.HTTPNotFound(text=f"Expected two topics of {', '.join(self._chain.topic_names)}\n")
        return self._render(page)

    async def _health(self, request: web.Request) -> web.StreamResponse:
        newest = self._newest
        state = {"bus": self._bus.state, "frames": newest.taken, "bad": sum(newest.bad.values())}
        return web.json_response(state, status=200 if self._bus.state == "ready" else 503)

    def _render(self, page: Page) -> web.Response:
        config = {"page": page, "pages": self._pages, "topics": self._infos, "broker": self._bus.url}
        text = self._template.substitute(
            title=html.escape(page.title),
            nav="".join(_nav_item(item, page) for item in self._pages),
            # Within a script element only "<" could end it.
            config=msgspec.json.encode(config).decode().replace("<", "\\u003c"),
        )
        return web.Response(text=text, content_type="text/html")

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        _refuse_other_origin(request)
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, max_msg_size=MAX_COMMAND_BYTES, compress=False)
        await socket.prepare(request)
        abort = partial(_abort, request)
        self._open.add(abort)
        try:
            await Client(socket, abort, self._newest, self._bus, frozenset(self._infos)).serve()
        finally:
            self._open.discard(abort)
            abort()
        return socket


def _nav_item(item: Page, current: Page) -> str:
    here = ' aria-current="page"' if item.path == current.path else ""
    return f'<a href="{html.escape(item.path)}"{here}>{html.escape(item.title)}</a>'


def _refuse_other_origin(request: web.Request) -> None:
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.host:
        raise web.HTTPForbidden(text="Expected a page of this viewer\n")


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
