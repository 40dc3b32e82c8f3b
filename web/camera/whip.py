"""WHIP (RFC 9725): a browser or any other WHIP client begins and ends a session by HTTP."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

from aiortc import RTCIceServer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from streams.chain.types import Chain
from streams.settings import Settings
from web.auth.connection_limits import REQUEST_S
from web.auth.passwords import Busy
from web.auth.rate_limit import Brake, Limit, Spent
from web.camera.candidates import of_peer
from web.camera.keys import CameraKeys
from web.camera.webrtc_peer import Publishing

SDP = "application/sdp"
MAX_OFFER_BYTES = 64 * 1024
MAX_SESSIONS = 16
# Each that is answered sends packets to find its asker.
MAX_OFFERS = 60
INTERVAL_MS = (40, 60_000)
DEFAULT_INTERVAL_MS, DEFAULT_SOURCE = 200, "webrtc-camera"
FRAMES = ("received", "sent", "lost")
_MAX_NAME = 128
_ASK = {"WWW-Authenticate": "Bearer"}
_BUSY_S = 5.0


class Whip:
    """The sessions of one process, and who may begin one."""

    def __init__(self, settings: Settings, chain: Chain, keys: CameraKeys, ice: list[RTCIceServer]) -> None:
        self.topics = camera_topics(chain)
        self._settings, self._keys, self._ice = settings, keys, ice
        self._sessions: dict[str, Publishing] = {}
        self._ended: Counter[str] = Counter()
        self._brake, self._offers = Brake(), Limit(MAX_OFFERS)
        self.bus_ready: Callable[[], Awaitable[bool]] = _always

    @property
    def cameras(self) -> int:
        """How many are sending."""
        return len(self._sessions)

    @property
    def frames(self) -> Counter[str]:
        """How many frames were received, sent and lost, of all cameras there ever were."""
        return sum((_frames(session) for session in self._sessions.values()), self._ended.copy())

    @property
    def routes(self) -> list[Route]:
        """Begin at /whip; then the session's own address."""
        return [
            Route("/whip", self._begin, methods=["POST"]),
            Route("/whip/{id}", self._counts, methods=["GET"]),
            Route("/whip/{id}", self._end, methods=["DELETE"]),
        ]

    async def close(self) -> None:
        """End every session."""
        await asyncio.gather(*(session.end() for session in list(self._sessions.values())))

    async def _begin(self, request: Request) -> Response:
        await self._check_key(request)
        topic, source, interval_s = self._wanted(request)
        offer = await _offer(request)
        self._check_room(source)
        if not await self.bus_ready():
            raise HTTPException(503, "The broker does not answer: try again", {"Retry-After": "2"})
        if wait_s := self._offers.take(_peer(request)):
            raise _later(429, "Too many offers", wait_s)
        session = Publishing(self._settings, topic, source, interval_s, self._ice)
        self._check_room(source)  # another may have begun meanwhile
        self._sessions[session.id] = session
        session.on_end = partial(self._forget, session)
        try:
            answer = await session.answer(of_peer(offer, _peer(request)))
        except ValueError as error:
            self._forget(session)
            raise HTTPException(400, str(error)) from None
        return Response(answer, 201, {"Location": f"/whip/{session.id}"}, SDP)

    async def _counts(self, request: Request) -> Response:
        return JSONResponse(self._session(request).counts)

    async def _end(self, request: Request) -> Response:
        await self._session(request).end()
        return Response(status_code=200)

    def _session(self, request: Request) -> Publishing:
        # Its address is known to nobody but who began it.
        session = self._sessions.get(request.path_params["id"])
        if session is None:
            raise HTTPException(404, "Expected a session that goes on")
        return session

    def _forget(self, session: Publishing) -> None:
        if self._sessions.pop(session.id, None):
            self._ended += _frames(session)

    async def _check_key(self, request: Request) -> None:
        if not self._keys:
            return
        kind, _, key = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not key.strip() or not await self._may_send(request, key.strip()):
            raise HTTPException(401, "Expected a key for this name: Authorization: Bearer …", _ASK)

    async def _may_send(self, request: Request, key: str) -> bool:
        try:
            with self._brake.attempt(_peer(request)) as attempt:
                await self._brake.slow_down()
                attempt.right = await self._keys.may_send(key, _name(request))
        except Spent as spent:
            raise _later(429, "Too many tries", spent.wait_s) from None
        except Busy:
            raise _later(503, "Too many keys at once", _BUSY_S) from None
        return attempt.right

    def _wanted(self, request: Request) -> tuple[str, str, float]:
        asked = request.query_params
        topic = asked.get("topic", self.topics[0])
        if topic not in self.topics:
            raise HTTPException(403, f"Expected a topic of {', '.join(self.topics)}")
        source = _name(request)
        if not 0 < len(source) <= _MAX_NAME or not source.isprintable():  # a line end would write lines into a log
            raise HTTPException(400, f"Expected a name of 1 to {_MAX_NAME} printable characters")
        low, high = INTERVAL_MS
        interval = asked.get("interval_ms", str(DEFAULT_INTERVAL_MS))
        if not interval.isascii() or not interval.isdigit() or len(interval) > 6 or not low <= int(interval) <= high:
            raise HTTPException(400, f"Expected an interval_ms of {low} to {high}")
        return topic, source, int(interval) / 1000

    def _check_room(self, source: str) -> None:
        if any(session.source == source for session in self._sessions.values()):
            raise HTTPException(409, "Expected a name of its own: a camera of this name is sending")
        if len(self._sessions) >= MAX_SESSIONS:
            raise HTTPException(503, f"Expected at most {MAX_SESSIONS} sessions", {"Retry-After": "10"})


def camera_topics(chain: Chain) -> tuple[str, ...]:
    """The topics a camera may write: those that no stage writes, and never a redacted one."""
    written = {stage.output for stage in chain.stages.values()}
    return tuple(topic for topic in chain.topic_names if topic not in written and not chain.redacted(topic))


def _frames(session: Publishing) -> Counter[str]:
    return Counter({name: int(count) for name, count in session.counts.items() if name in FRAMES})


def _name(request: Request) -> str:
    return request.query_params.get("name", DEFAULT_SOURCE)


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""


def _later(status: int, why: str, wait_s: float) -> HTTPException:
    wait = str(math.ceil(wait_s))
    return HTTPException(status, f"{why}: wait {wait} s", {"Retry-After": wait})


async def _offer(request: Request) -> str:
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != SDP:
        raise HTTPException(415, f"Expected {SDP}")
    try:
        async with asyncio.timeout(REQUEST_S):
            body = await _body(request)
    except TimeoutError:
        raise HTTPException(408, f"Expected an offer within {REQUEST_S:.0f} s") from None
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise HTTPException(400, "Expected an SDP offer with video, got bytes that are no text") from None


async def _body(request: Request) -> bytearray:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_OFFER_BYTES:
            raise HTTPException(413, f"Expected an offer of at most {MAX_OFFER_BYTES} bytes")
    return body


async def _always() -> bool:
    return True
