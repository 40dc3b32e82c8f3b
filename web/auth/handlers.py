"""What handlers of requests share: who may ask, of which camera, what was sent with it, and the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from streams.wire.records import Name
from web.auth.credentials import OPERATOR

T = TypeVar("T")
Handler = Callable[[Any, web.Request], Awaitable[web.StreamResponse]]


def operators_only(handler: Handler) -> Handler:
    """Answers other roles as if the address were not there."""

    @wraps(handler)
    async def checked(self: Any, request: web.Request) -> web.StreamResponse:
        if request["session"].role != OPERATOR:
            raise web.HTTPNotFound
        return await handler(self, request)

    return checked


def source_of(request: web.Request) -> str:
    """The camera that a request names by `?source=`. Raises HTTPBadRequest."""
    try:
        return msgspec.convert(request.query.get("source", ""), Name)
    except msgspec.ValidationError as error:
        raise web.HTTPBadRequest(text=f"Expected a source: {error}\n") from None


async def body_of(request: web.Request, most_bytes: int, kind: type[T], what: str) -> T:
    """The JSON that was sent, of that kind. Raises HTTPRequestEntityTooLarge, HTTPBadRequest."""
    if request.content_length is None or request.content_length > most_bytes:
        raise web.HTTPRequestEntityTooLarge(most_bytes, request.content_length or 0)
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise web.HTTPBadRequest(text=f"Expected {what}: {error}\n") from None


def as_json(value: object) -> web.Response:
    """An answer in JSON."""
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")
