"""The address of the page Cameras' rows."""

from __future__ import annotations

from aiohttp import web

from streams.chain.types import Chain
from web.auth.credentials import OPERATOR
from web.auth.handlers import as_json
from web.auth.sessions import Session
from web.auth.topics import seen_by
from web.cameras.table import CamerasTable


class CamerasRoutes:
    """The routes of the page Cameras."""

    def __init__(self, chain: Chain, table: CamerasTable) -> None:
        self._chain, self._table = chain, table

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/cameras/list", self._list)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        session: Session = request["session"]
        rows = self._table.rows(seen_by(self._chain, session.role), for_operators=session.role == OPERATOR)
        return as_json(rows)
