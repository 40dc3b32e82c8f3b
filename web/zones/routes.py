"""The addresses of drawn zones, for operators only: what is known of a camera's, and new ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Annotated

from aiohttp import web
from msgspec import UNSET, Meta, Struct

from functions.core.errors import UsageError
from streams.wire.cameras import MAX_ZONES, ZONES, DrawnZone, DrawnZones
from streams.wire.records import Count, RecordError
from streams.zones.known import MAX_SOURCES
from streams.zones.writer import MayNotWrite, ZonesWriter
from web.auth.handlers import as_json, body_of, operators_only, source_of
from web.auth.sessions import Session
from web.live.protocol import SourceName
from web.zones.board import Told, ZonesBoard

# 64 zones and 64 areas of 64 points, each number with all its digits.
_BODY_BYTES = 512 * 1024
_READ_BACK_S = 5.0


class Save(Struct, frozen=True, forbid_unknown_fields=True):
    """All that is drawn at a camera from now on; `at` is that of the record it was drawn over, None without one."""

    source: SourceName
    zones: Annotated[list[DrawnZone], Meta(max_length=MAX_ZONES)]
    areas: Annotated[list[DrawnZone], Meta(max_length=MAX_ZONES)]
    at: Count | None


class ZonesRoutes:
    """The routes of the page Zones; `is_known` says of a name whether a camera has it."""

    def __init__(self, board: ZonesBoard, writer: ZonesWriter, is_known: Callable[[str], bool]) -> None:
        self._board, self._writer, self._is_known = board, writer, is_known
        # Two at once would both be drawn over the same ones.
        self._saving = asyncio.Lock()

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/zones/list", self._list)
        app.router.add_post("/zones/save", self._save)

    @operators_only
    async def _list(self, request: web.Request) -> web.StreamResponse:
        if self._board.trouble:
            raise web.HTTPServiceUnavailable(text=f"{self._board.trouble}\n")
        return as_json(self._board.of(source_of(request)))

    @operators_only
    async def _save(self, request: web.Request) -> web.StreamResponse:
        save = await body_of(request, _BODY_BYTES, Save, "zones")
        session: Session = request["session"]
        async with self._saving:
            self._refuse(save)
            at = max(time.time_ns() // 1000, (save.at or 0) + 1)
            areas = save.areas or UNSET
            drawn = DrawnZones(source=save.source, cover=save.zones, areas=areas, by=session.name, at=at)
            await self._write(drawn)
            return as_json(await self._read_back(drawn))

    async def _write(self, drawn: DrawnZones) -> None:
        try:
            await asyncio.to_thread(self._writer.write, drawn)
        except RecordError as error:
            raise web.HTTPBadRequest(text=f"Expected zones: {error}\n") from None
        except MayNotWrite as error:
            raise web.HTTPForbidden(text=f"{error}\n") from None
        except UsageError as error:
            raise web.HTTPServiceUnavailable(text=f"{error}\n") from None

    def _refuse(self, save: Save) -> None:
        """Raise where these zones cannot take the place of those that hold."""
        if self._board.trouble:
            raise web.HTTPServiceUnavailable(text=f"{self._board.trouble}\n")
        now = self._board.of(save.source)
        if now.state == "none" and not self._is_known(save.source):
            raise web.HTTPNotFound(text="Expected a camera that sends\n")
        if now.at != save.at:
            raise web.HTTPConflict(text="Somebody else has drawn meanwhile: load theirs first\n")
        known = self._board.sources
        if save.zones and save.source not in known and len(known) >= MAX_SOURCES:
            raise web.HTTPConflict(text=f"Expected zones of at most {MAX_SOURCES} cameras: redactors read no more\n")

    async def _read_back(self, drawn: DrawnZones) -> Told:
        """What the bus says of the source, once it says this."""
        try:
            async with asyncio.timeout(_READ_BACK_S):
                while (now := self._board.of(drawn.source)).at != drawn.at:
                    self._board.changed.clear()
                    await self._board.changed.wait()
        except TimeoutError:
            text = f"Written to {ZONES}, and not read from it yet: look again\n"
            raise web.HTTPServiceUnavailable(text=text) from None
        return now
