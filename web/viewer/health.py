"""The viewer's endpoints for monitoring: /health, /ready and /metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn

from aiohttp import web
from confluent_kafka import KafkaException
from mode import Service

from streams.kafka.watermarks import offsets_client
from streams.runtime.lag import Lag, Liveness
from streams.runtime.metrics import CONTENT_TYPE, page
from streams.runtime.ports import PROCESS_HEADER
from streams.settings import Settings
from web.auth.access import METRICS
from web.live.metrics import Traffic, ViewerMetrics
from web.live.newest import NewestFrames
from web.live.state import BrokerState

_ASK_IDLE_S = 1.0


class Health(Service):
    """Liveness and readiness of a viewer; one that reads nothing while records wait ends its process."""

    mundane_level = "debug"

    def __init__(
        self, settings: Settings, newest: NewestFrames, bus: BrokerState, lag: Lag, give_up: Callable[[str], NoReturn]
    ) -> None:
        super().__init__()
        self.traffic = Traffic()
        self._newest, self._bus, self._lag, self._liveness = newest, bus, lag, Liveness(settings.stall_s)
        self._client, self._give_up = offsets_client(settings), give_up
        self._metrics = ViewerMetrics(newest, bus, self.traffic, lag, self._liveness)

    def add_to(self, app: web.Application) -> None:
        """Add the routes to an aiohttp application."""
        app.router.add_get("/health", self._health)
        app.router.add_get("/ready", self._ready)
        app.router.add_get(METRICS, self._metrics_page)

    @Service.task
    async def _see_that_it_moves(self) -> None:
        while not self.should_stop:
            await self.sleep(_ASK_IDLE_S)
            if self._liveness.moved(self._newest.taken + sum(self._newest.bad.values())):
                continue
            try:
                waiting = await asyncio.to_thread(self._lag.ask, self._client)
            except KafkaException:  # without a broker no progress is expected
                waiting = False
            if self._liveness.note(waiting, _ASK_IDLE_S):
                self._give_up(
                    f"Viewer: has read none of the records that wait for it for {self._liveness.idle_s:.0f} s"
                )

    async def _health(self, request: web.Request) -> web.StreamResponse:
        return self._state(good=self._liveness.alive)

    async def _ready(self, request: web.Request) -> web.StreamResponse:
        return self._state(good=self._bus.state == "ready")

    def _state(self, good: bool) -> web.StreamResponse:
        state = {"bus": self._bus.state, "frames": self._newest.taken, "bad": sum(self._newest.bad.values())}
        return web.json_response(state, status=200 if good else 503, headers={PROCESS_HEADER: "viewer"})

    async def _metrics_page(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=page(self._metrics), headers={"Content-Type": CONTENT_TYPE})
