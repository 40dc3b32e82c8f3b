"""The address of the page Alerts, for every role: numbers and names, no picture."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from msgspec import Struct

from streams.chain.types import Chain
from streams.wire.alerts import Alert, Summary
from web.alerts.latest import LatestAlerts
from web.auth.handlers import as_json

# What a page gets at once.
_MOST = 200


class Listed(Struct, frozen=True):
    """The newest alerts of `total`, and what one can choose from; `has_topic` is None until the bus was looked at."""

    alerts: list[Alert | Summary]
    total: int
    rules: list[str]
    sources: list[str]
    has_rules: bool
    has_topic: bool | None


class AlertsRoutes:
    """The routes of the page Alerts; `has_topic` says whether anybody has written alerts to this bus."""

    def __init__(self, chain: Chain, alerts: LatestAlerts, has_topic: Callable[[], bool | None]) -> None:
        self._rules, self._alerts, self._has_topic = chain.alerts, alerts, has_topic

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/alerts/list", self._list)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        found = self._alerts.of(request.query.get("rule"), request.query.get("source"))
        listed = Listed(
            alerts=found[:_MOST],
            total=len(found),
            rules=sorted({*self._rules, *self._alerts.rules}),
            sources=self._alerts.sources,
            has_rules=bool(self._rules),
            has_topic=self._has_topic(),
        )
        return as_json(listed)
