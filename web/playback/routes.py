"""The addresses of recordings, for every role as far as it may see: cameras, a day's files, a video, its numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from streams.recording.folder import VIDEO, File
from web.auth.handlers import as_json
from web.playback.archive import Archive

T = TypeVar("T")
# A day of 25 hours, and the minute before it.
_LONGEST_US = 26 * 3600 * 1_000_000
# Whoever asks for many days at once does not hold up the pictures of others.
_AT_ONCE = 2

Moment = Annotated[int, Meta(ge=0, le=2**53)]


class Day(Struct, frozen=True):
    """Which files are asked for: of a recording's source, by its folder, of this time."""

    recording: str
    folder: str
    since: Moment
    until: Moment


class PlaybackRoutes:
    """The routes of one archive."""

    def __init__(self, archive: Archive) -> None:
        self._archive, self._reading = archive, asyncio.Semaphore(_AT_ONCE)

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/playback/cameras", self._cameras)
        app.router.add_get("/playback/day", self._day)
        app.router.add_get("/playback/video/{recording}/{folder}/{day}/{file}", self._video)
        app.router.add_get("/playback/numbers/{recording}/{folder}/{day}/{file}", self._numbers)

    async def _cameras(self, request: web.Request) -> web.StreamResponse:
        return _answer(await self._read(self._archive.cameras, _role(request)))

    async def _day(self, request: web.Request) -> web.StreamResponse:
        try:
            asked = msgspec.convert(dict(request.query), Day, strict=False)
        except msgspec.ValidationError as error:
            raise web.HTTPBadRequest(text=f"Expected a day: {error}\n") from None
        if not 0 < asked.until - asked.since <= _LONGEST_US:
            raise web.HTTPBadRequest(text="Expected `since` and at most 26 hours later `until`\n")
        span = asked.since, asked.until
        return _answer(await self._read(self._archive.segments, _role(request), asked.recording, asked.folder, *span))

    async def _video(self, request: web.Request) -> web.StreamResponse:
        file = await self._file(request)
        return web.FileResponse(file.video, headers={"Content-Type": "video/mp4"})

    async def _numbers(self, request: web.Request) -> web.StreamResponse:
        file = await self._file(request)
        return web.FileResponse(file.numbers, headers={"Content-Type": "application/jsonl"})

    async def _file(self, request: web.Request) -> File:
        """The file that an address names. Raises HTTPNotFound, whatever is wrong with it."""
        recording, folder, day, name = (request.match_info[part] for part in ("recording", "folder", "day", "file"))
        found = await self._read(self._archive.file, _role(request), recording, folder, day, f"{name}{VIDEO}")
        if found is None:
            raise web.HTTPNotFound(text="Expected a recorded file\n")
        return found

    async def _read(self, read: Callable[..., T], *arguments: Any) -> T:
        async with self._reading:
            try:
                return await asyncio.to_thread(read, *arguments)
            except OSError:  # erased at this moment, or this process may not read it
                raise web.HTTPNotFound(text="Expected recordings that can be read\n") from None


def _role(request: web.Request) -> str:
    return str(request["session"].role)


def _answer(value: object) -> web.Response:
    answer = as_json(value)
    answer.enable_compression()
    return answer
