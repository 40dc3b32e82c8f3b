"""The viewer's routes: pages, static files and the websocket."""

from __future__ import annotations

import asyncio
import html
import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from aiohttp import web

from streams.chain.types import Chain
from streams.runtime.ports import process_at
from web.assets import layout
from web.auth.access import HEADERS, client_scheme
from web.auth.credentials import OPERATOR, ROLES
from web.auth.guard import Guard, request_info
from web.auth.sessions import Session
from web.auth.topics import seen_by
from web.counts.latest import LatestCounts, as_csv
from web.live.cameras import Cameras
from web.live.client import Client, Traffic
from web.live.newest import NewestFrames
from web.live.protocol import MAX_COMMAND_BYTES, BrokerState
from web.viewer.pages import Page, TopicInfo, pages, pair_page, redacted_only

_SESSION = '<form method="post" action="/logout"><span>{role}</span><button type="submit">Log out</button></form>'
_HEARTBEAT_S = 10.0
_CAMERA_PORT = "8080"


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Set the response headers, as a signal handler of aiohttp."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.popall("Server", None)


class Routes(Protocol):
    """Routes of a part of the viewer."""

    def add_to(self, app: web.Application) -> None: ...


class Site:
    """All routes of the viewer, those of `more` among them."""

    def __init__(
        self,
        chain: Chain,
        infos: dict[str, TopicInfo],
        newest: NewestFrames,
        cameras: Cameras,
        counts: LatestCounts,
        bus: BrokerState,
        guard: Guard,
        traffic: Traffic,
        more: Sequence[Routes],
    ) -> None:
        self._traffic, self._more = traffic, more
        self._chain, self._newest, self._cameras = chain, newest, cameras
        self._counts, self._bus, self._guard = counts, bus, guard
        every = pages(chain, has_bus=bool(bus.url))
        self._shown = {role: RolePages(chain, every, infos, role) for role in ROLES}
        self._open: set[Callable[[], None]] = set()

    def add_to(self, app: web.Application) -> None:
        app.on_response_prepare.append(add_headers)
        self._guard.add_to(app)
        app.router.add_get("/pair/{left}/{right}", self._pair)
        app.router.add_get("/counts.csv", self._counts_file)
        app.router.add_get("/try", _try)
        app.router.add_get("/ws", self._websocket)
        for routes in self._more:
            routes.add_to(app)
        app.router.add_get("/static/{version}/{file}", _file)
        app.router.add_get("/{name:[a-z]*}", self._page)

    async def close(self) -> None:
        """Disconnect every browser."""
        for abort in self._open:
            abort()

    async def _page(self, request: web.Request) -> web.StreamResponse:
        shown = self._shown[request["session"].role]
        page = next((page for page in shown.pages if page.path == request.path), None)
        if page is not None:
            return self._render(page, request)
        if request.path == "/" and shown.pages:
            raise web.HTTPSeeOther(shown.pages[0].path)
        raise web.HTTPNotFound(text=f"Expected one of {', '.join(page.path for page in shown.pages)}\n")

    async def _pair(self, request: web.Request) -> web.StreamResponse:
        left, right = request.match_info["left"], request.match_info["right"]
        shown = self._shown[request["session"].role]
        page = pair_page(self._chain, left, right)
        if page is None or not {left, right} <= shown.topics.keys():
            raise web.HTTPNotFound(text=f"Expected two topics of {', '.join(shown.topics)}\n")
        return self._render(page, request)

    async def _counts_file(self, request: web.Request) -> web.StreamResponse:
        text = await asyncio.to_thread(as_csv, self._counts.since(0))
        headers = {"Content-Disposition": 'attachment; filename="imagebus-counts.csv"'}
        return web.Response(text=text, content_type="text/csv", charset="utf-8", headers=headers)

    def _render(self, page: Page, request: web.Request) -> web.Response:
        session: Session = request["session"]
        shown = self._shown[session.role]
        zone = self._chain.counts.time_zone if self._chain.counts else None  # in which days and hours are counted
        told = {"pages": shown.pages, "topics": shown.topics, "broker": self._bus.url, "time_zone": zone}
        nav = "".join(_nav_item(item, page) for item in shown.pages if not item.aside)
        role = _SESSION.format(role=session.role) if self._guard.has_passwords else ""
        text = layout.page("page", page.title, "main", {"page": page, **told}, nav=nav, session=role)
        return web.Response(text=text, content_type="text/html")

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        session: Session = request["session"]
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, max_msg_size=MAX_COMMAND_BYTES, compress=False)
        await socket.prepare(request)
        abort = partial(_abort, request)
        self._open.add(abort)
        topics = frozenset(self._shown[session.role].topics)
        may_stay = partial(self._guard.is_open, session)
        try:
            known = self._newest, self._cameras, self._bus, self._counts
            await Client(socket, abort, *known, topics, may_stay, self._traffic).serve()
        finally:
            self._open.discard(abort)
            abort()
        return socket


class RolePages:
    """The pages and topics of one role."""

    def __init__(self, chain: Chain, every: Sequence[Page], infos: dict[str, TopicInfo], role: str) -> None:
        kept = [page if role == OPERATOR else redacted_only(chain, page) for page in every]
        self.pages = tuple(page for page in kept if page is not None)
        self.topics = {topic: infos[topic] for topic in seen_by(chain, role)}


async def _try(request: web.Request) -> web.StreamResponse:
    """Lead to the camera page of this host, if it has one."""
    port = int(os.environ.get("CAMERA_PORT", _CAMERA_PORT))
    if await asyncio.to_thread(process_at, port) != "camera":
        why = f"No camera page answers on port {port} of this host: start one with `imagebus camera --port {port}`\n"
        raise web.HTTPNotFound(text=why)
    scheme = client_scheme(request_info(request))
    raise web.HTTPSeeOther(f"{scheme}://{request.url.host}:{port}/?start")


async def _file(request: web.Request) -> web.StreamResponse:
    file = layout.asset(request.match_info["version"], request.match_info["file"])
    if file is None:
        raise web.HTTPNotFound
    return web.Response(body=file.body, headers=file.headers)


def _nav_item(item: Page, current: Page) -> str:
    here = ' aria-current="page"' if item.path == current.path else ""
    return f'<a href="{html.escape(item.path)}"{here}>{html.escape(item.title)}</a>'


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
