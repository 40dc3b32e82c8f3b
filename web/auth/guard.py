"""The viewer's guard, an aiohttp middleware: the access rules, a session where passwords are set, and the log-in."""

from __future__ import annotations

import asyncio
import html
import logging
import math
import re
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, quote

from aiohttp import web

from web.assets import layout
from web.auth.access import RequestInfo, client_address, client_scheme, is_public, refusal
from web.auth.connection_limits import REQUEST_S
from web.auth.credentials import OPERATOR, Busy, Credentials
from web.auth.rate_limit import PasswordThrottle, TooManyTries
from web.auth.sessions import LIFE_S, Session, Sessions

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

COOKIE = "imagebus"
_FORM, _FORM_BYTES = "application/x-www-form-urlencoded", 4096
# A path on this host: neither "//host" nor "/\\host", which browsers take for another one.
_PATH, _BACK_CHARS = re.compile(r"/(?:[A-Za-z0-9_.%-]+/)*[A-Za-z0-9_.%-]*"), 1000
_EVERYBODY = Session("", OPERATOR, math.inf)


class Guard:
    """Refuses requests without access; `request["session"]` is the session of the others."""

    def __init__(self, credentials: Credentials, sessions: Sessions) -> None:
        self._credentials, self._sessions, self._throttle = credentials, sessions, PasswordThrottle()

    @property
    def has_passwords(self) -> bool:
        """Whether a password is set, hence asked for."""
        return bool(self._credentials)

    def add_to(self, app: web.Application) -> None:
        """Install the middleware and the routes of the log-in."""
        app.middlewares.append(self._check)
        app.router.add_get("/login", self._form)
        app.router.add_post("/login", self._login)
        app.router.add_post("/logout", self._logout)
        app.router.add_get("/session", self._session)

    @web.middleware
    async def _check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        info = request_info(request)
        if why := refusal(info, "this viewer", None if self.has_passwords else "password"):
            raise web.HTTPForbidden(text=f"{why}\n")
        if not self.has_passwords:
            request["session"] = _EVERYBODY
        elif (session := self._sessions.read(request.cookies.get(COOKIE, ""))) is not None:
            request["session"] = session
        elif not is_public(info):
            return _send_away(request)
        return await handler(request)

    async def _form(self, request: web.Request) -> web.StreamResponse:
        return self._show_form("", request.query.get("next", ""))

    async def _login(self, request: web.Request) -> web.StreamResponse:
        address = client_address(request_info(request))
        try:
            with self._throttle.attempt(address) as attempt:
                password, back = await _fields(request)
                await self._throttle.slow_down()
                role = await self._credentials.role_of(password)
                attempt.right = role is not None
        except TooManyTries as refused:
            wait = str(math.ceil(refused.wait_s))
            return self._show_form(f"Too many tries: wait {wait} s", "", 429, {"Retry-After": wait})
        except Busy:
            return self._show_form("Too many log in at once: try again", "", 503, {"Retry-After": "5"})
        if role is None:
            log.warning("Wrong password from %s", address)
            return self._show_form("Wrong password", back, 401)
        return self._let_in(request, role, address, back)

    def _let_in(self, request: web.Request, role: str, address: str, back: str) -> web.Response:
        cookie = self._sessions.begin(role)
        session = self._sessions.read(cookie)
        # By this name records say who drew a zone.
        log.warning("Log-in as %s from %s", session.name if session else role, address)
        answer = _see(_here(back))
        answer.set_cookie(
            COOKIE,
            cookie,
            max_age=int(LIFE_S),
            httponly=True,
            samesite="Strict",
            secure=client_scheme(request_info(request)) == "https",
        )
        return answer

    async def _logout(self, request: web.Request) -> web.StreamResponse:
        if self.has_passwords:
            self._sessions.end(request["session"])
        answer = _see("/login")
        answer.del_cookie(COOKIE)
        return answer

    async def _session(self, request: web.Request) -> web.StreamResponse:
        session: Session | None = request.get("session")
        return web.json_response({"role": session and session.role})

    def is_open(self, session: Session) -> bool:
        """Whether a session goes on."""
        return session is _EVERYBODY or self._sessions.is_open(session)

    def _show_form(
        self, problem: str, back: str, status: int = 200, headers: dict[str, str] | None = None
    ) -> web.Response:
        text = layout.page("login", "Log in", problem=html.escape(problem), back=html.escape(_here(back)))
        return web.Response(text=text, status=status, headers=headers, content_type="text/html")


def _send_away(request: web.Request) -> web.StreamResponse:
    if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
        here = _here(request.raw_path)
        return _see("/login" if here == "/" else f"/login?next={quote(here, safe='')}")
    raise web.HTTPUnauthorized(text="Expected a session: log in at /login\n")


def _here(back: str) -> str:
    """Where somebody wanted to go, if it is an address of this viewer, else its first page."""
    path, _, _ = back.partition("?")
    is_ours = _PATH.fullmatch(path) and len(back) <= _BACK_CHARS and back.isascii() and back.isprintable()
    return back if is_ours and path not in ("/login", "/logout") else "/"


def _see(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


async def _fields(request: web.Request) -> tuple[str, str]:
    """The password, and where to go with it."""
    if (request.content_length or _FORM_BYTES + 1) > _FORM_BYTES:
        raise web.HTTPRequestEntityTooLarge(_FORM_BYTES, request.content_length or 0)
    if request.content_type != _FORM:
        raise web.HTTPUnsupportedMediaType(text=f"Expected {_FORM}\n")
    # aiohttp's own parser of forms raises on invalid bytes and charsets.
    try:
        async with asyncio.timeout(REQUEST_S):
            body = await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(text=f"Expected a log-in within {REQUEST_S:.0f} s\n") from None
    fields = parse_qs(body.decode("utf-8", "replace"))
    return fields.get("password", [""])[0], fields.get("next", [""])[0]


def request_info(request: web.Request) -> RequestInfo:
    """The parts of a request that access depends on."""
    return RequestInfo(
        method=request.method,
        scheme="https" if request.secure else "http",
        host=request.host,
        hostname=request.url.host or "",
        path=request.path,
        remote=request.remote or "",
        headers=request.headers,
    )
