"""What handlers of requests share: who may ask, and of which camera."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import msgspec
from aiohttp import web

from streams.wire.records import Name
from web.auth.credentials import OPERATOR

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
