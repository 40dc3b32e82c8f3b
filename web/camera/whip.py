"""WHIP (RFC 9725): clients start and end WebRTC sessions by HTTP."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from functools import partial

from aiortc import RTCIceServer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from streams.cameras.claim import NameInUse
from streams.chain.types import Chain
from streams.settings import Settings
from web.auth.credentials import Busy
from web.auth.rate_limit import PasswordThrottle, RateLimit, TooManyTries
from web.camera.ice import of_peer
from web.camera.offer import SDP, CameraKeys, sdp_offer, source_name, wanted
from web.camera.webrtc_peer import CameraSession

MAX_SESSIONS = 16
# Each answered offer makes this host send packets.
MAX_OFFERS = 60
FRAMES = ("received", "sent", "lost")
_ASK = {"WWW-Authenticate": "Bearer"}
_BUSY_S = 5.0


class Whip:
    """The WHIP endpoints: open sessions, and the checks before a new one."""

    def __init__(self, settings: Settings, chain: Chain, keys: CameraKeys, ice: list[RTCIceServer]) -> None:
        self.topics = camera_topics(chain)
        self._settings, self._keys, self._ice = settings, keys, ice
        self._sessions: dict[str, CameraSession] = {}
        self._ended: Counter[str] = Counter()
        # Of sessions that have ended: no rivals of those that follow, however late that is heard.
        self._runs: deque[str] = deque(maxlen=4 * MAX_SESSIONS)
        self._throttle, self._offers = PasswordThrottle(), RateLimit(MAX_OFFERS)
        self.bus_ready: Callable[[], Awaitable[bool]] = _always

    @property
    def cameras(self) -> int:
        """The number of open sessions."""
        return len(self._sessions)

    @property
    def frames(self) -> Counter[str]:
        """Frames received, sent and lost, of all sessions so far."""
        return sum((_frames(session) for session in self._sessions.values()), self._ended.copy())

    @property
    def routes(self) -> list[Route]:
        """/whip, and an address for each session."""
        return [
            Route("/whip", self._begin, methods=["POST"]),
            Route("/whip/{id}", self._stats, methods=["GET"]),
            Route("/whip/{id}", self._end, methods=["DELETE"]),
        ]

    async def close(self) -> None:
        """End every session."""
        await asyncio.gather(*(session.end() for session in list(self._sessions.values())))

    async def _begin(self, request: Request) -> Response:
        await self._check_key(request)
        topic, source, interval_s = wanted(request, self.topics)
        offer = await sdp_offer(request)
        await self._end_former(request, source)
        self._check_room(source)
        if not await self.bus_ready():
            raise HTTPException(503, "The broker does not answer: try again", {"Retry-After": "2"})
        if wait_s := self._offers.take(_peer(request)):
            raise _later(429, "Too many offers", wait_s)
        session = CameraSession(self._settings, topic, source, interval_s, self._ice)
        session.peer = _peer(request)
        self._check_room(source)  # another may have begun meanwhile
        self._sessions[session.id] = session
        session.on_end = partial(self._forget, session)
        try:
            answer = await session.answer(of_peer(offer, _peer(request)))
            await session.begin(frozenset(self._runs))
        except ValueError as error:
            self._forget(session)
            raise HTTPException(400, str(error)) from None
        except NameInUse as error:
            text = f"Expected a name of its own: another producer sends as {source} to {topic}, since {error.since}"
            raise HTTPException(409, text) from None
        return Response(answer, 201, {"Location": f"/whip/{session.id}"}, SDP)

    async def _stats(self, request: Request) -> Response:
        return JSONResponse(self._session(request).stats)

    async def _end(self, request: Request) -> Response:
        await self._session(request).end()
        return Response(status_code=200)

    def _session(self, request: Request) -> CameraSession:
        # The id is random: only the client that started a session knows it.
        session = self._sessions.get(request.path_params["id"])
        if session is None:
            raise HTTPException(404, "Expected a session that goes on")
        return session

    def _forget(self, session: CameraSession) -> None:
        if self._sessions.pop(session.id, None):
            self._ended += _frames(session)
            self._runs.append(session.run)

    async def _check_key(self, request: Request) -> None:
        if not self._keys:
            return
        kind, _, key = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not key.strip() or not await self._may_send(request, key.strip()):
            raise HTTPException(401, "Expected a key for this name: Authorization: Bearer …", _ASK)

    async def _may_send(self, request: Request, key: str) -> bool:
        try:
            with self._throttle.attempt(_peer(request)) as attempt:
                await self._throttle.slow_down()
                attempt.right = await self._keys.may_send(key, source_name(request))
        except TooManyTries as refused:
            raise _later(429, "Too many tries", refused.wait_s) from None
        except Busy:
            raise _later(503, "Too many keys at once", _BUSY_S) from None
        return attempt.right

    async def _end_former(self, request: Request, source: str) -> None:
        """End the session that this client has under this name: a browser that is reloaded says no goodbye."""
        for session in [*self._sessions.values()]:
            if session.source == source and session.peer == _peer(request) and not session.is_fresh:
                await session.end()

    def _check_room(self, source: str) -> None:
        if any(session.source == source for session in self._sessions.values()):
            raise HTTPException(409, "Expected a name of its own: a camera of this name is sending")
        if len(self._sessions) >= MAX_SESSIONS:
            raise HTTPException(503, f"Expected at most {MAX_SESSIONS} sessions", {"Retry-After": "10"})


def camera_topics(chain: Chain) -> tuple[str, ...]:
    """The topics a camera may write: those that no stage writes, and never a redacted one."""
    written = {stage.output for stage in chain.stages.values()}
    return tuple(topic for topic in chain.topic_names if topic not in written and not chain.redacted(topic))


def _frames(session: CameraSession) -> Counter[str]:
    return Counter({name: int(count) for name, count in session.stats.items() if name in FRAMES})


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""


def _later(status: int, why: str, wait_s: float) -> HTTPException:
    wait = str(math.ceil(wait_s))
    return HTTPException(status, f"{why}: wait {wait} s", {"Retry-After": wait})


async def _always() -> bool:
    return True
