"""The address of the page Cameras' rows."""

from __future__ import annotations

from aiohttp import web

from streams.chain.types import Chain
from web.auth.credentials import OPERATOR
from web.auth.handlers import as_json
from web.auth.sessions import Session
from web.cameras.table import CamerasTable


class CamerasRoutes:
    """The routes of the page Cameras."""

    def __init__(self, chain: Chain, table: CamerasTable) -> None:
        self._all = chain.topic_names
        self._redacted = tuple(topic for topic in chain.topic_names if chain.redacted(topic))
        self._table = table

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/cameras/list", self._list)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        session: Session = request["session"]
        sees_all = session.role == OPERATOR
        rows = self._table.rows(self._all if sees_all else self._redacted, for_operators=sees_all)
        return as_json(rows)
