"""A WHIP request: the camera's name, topic and pace from its query, the SDP offer from its body, and its key."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request

from streams.wire.names import why_no_name
from web.auth.connection_limits import REQUEST_S
from web.auth.credentials import CAMERA, OPERATOR, CredentialError, Credentials, Password, load, password_of, secret

SDP = "application/sdp"
MAX_OFFER_BYTES = 64 * 1024
INTERVAL_MS = (40, 60_000)
DEFAULT_INTERVAL_MS, DEFAULT_SOURCE = 200, "webrtc-camera"


class Wanted(NamedTuple):
    """The frames that a camera is to send: onto which topic, as which source, at most one an interval."""

    topic: str
    source: str
    interval_s: float


def wanted(request: Request, topics: Sequence[str]) -> Wanted:
    """What the query asks for, of these topics; the first is the default. Raises HTTPException."""
    asked = request.query_params
    topic = asked.get("topic", topics[0])
    if topic not in topics:
        raise HTTPException(403, f"Expected a topic of {', '.join(topics)}")
    source = source_name(request)
    if why := why_no_name(source):  # a line end would write lines into a log
        raise HTTPException(400, f"Name: {why}")
    low, high = INTERVAL_MS
    interval = asked.get("interval_ms", str(DEFAULT_INTERVAL_MS))
    if not interval.isascii() or not interval.isdigit() or len(interval) > 6 or not low <= int(interval) <= high:
        raise HTTPException(400, f"Expected an interval_ms of {low} to {high}")
    return Wanted(topic, source, int(interval) / 1000)


def source_name(request: Request) -> str:
    """The name that the camera is to have, unchecked."""
    return request.query_params.get("name", DEFAULT_SOURCE)


async def sdp_offer(request: Request) -> str:
    """The body, of bounded size and within bounded time. Raises HTTPException."""
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


KEYS = "IMAGEBUS_CAMERA_KEYS"


class CameraKeys:
    """The operator's password and the camera key are good for any name, a bound key for its own."""

    def __init__(self, of_any: Credentials, of_name: Mapping[str, list[Password]]) -> None:
        self._of_any, self._of_name = of_any, of_name

    def __bool__(self) -> bool:
        """Whether a key is required."""
        return bool(self._of_any) or bool(self._of_name)

    async def may_send(self, key: str, name: str) -> bool:
        """Whether a key is good for this name. Raises Busy."""
        bound = [await password.is_right(key) for password in self._of_name.get(name, [])]
        return await self._of_any.role_of(key) is not None or any(bound)


def load_keys(environ: Mapping[str, str] = os.environ) -> CameraKeys:
    """The keys in the environment; IMAGEBUS_CAMERA_KEYS has NAME=KEY lines. Raises CredentialError."""
    bound: defaultdict[str, list[Password]] = defaultdict(list)
    for number, line in enumerate((secret(KEYS, environ) or "").splitlines(), 1):
        if line.strip():
            name, found, key = (part.strip() for part in line.partition("="))
            if not name or not found:
                raise CredentialError(f"{KEYS}, line {number}: expected NAME=KEY, got one without name or =")
            if why := why_no_name(name):
                raise CredentialError(f"{KEYS}, line {number}: {why}")
            bound[name].append(password_of(f"{KEYS}, line {number}", key))
    return CameraKeys(load((OPERATOR, CAMERA), environ), dict(bound))
