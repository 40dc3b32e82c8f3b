"""The viewer's endpoints for monitoring: /health, /ready and /metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NoReturn

from aiohttp import web
from mode import Service
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from streams.kafka.lone_consumer import lone_consumer
from streams.runtime.lag import Lag, Liveness
from streams.runtime.metrics import CONTENT_TYPE, counter, gauge, page
from streams.runtime.ports import PROCESS_HEADER
from streams.settings import Settings
from web.auth.access import METRICS
from web.live.client import Traffic
from web.live.newest import NewestFrames
from web.live.protocol import BrokerState

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
        self._client, self._give_up = lone_consumer(settings), give_up
        self._metrics = ViewerMetrics(newest, bus, self.traffic, lag, self._liveness)

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/health", self._health)
        app.router.add_get("/ready", self._ready)
        app.router.add_get(METRICS, self._metrics_page)

    @Service.task
    async def _see_that_it_moves(self) -> None:
        while not self.should_stop:
            await self.sleep(_ASK_IDLE_S)
            if await self._liveness.stalled(self._newest.read, self._lag, self._client, _ASK_IDLE_S):
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


class ViewerMetrics(Collector):
    """The metrics of a viewer; they name topics, and no source."""

    def __init__(self, newest: NewestFrames, bus: BrokerState, traffic: Traffic, lag: Lag, liveness: Liveness) -> None:
        self._newest, self._bus, self._traffic, self._lag, self._liveness = newest, bus, traffic, lag, liveness

    def collect(self) -> Iterable[Metric]:
        good, bad = self._newest.taken_of, self._newest.bad
        read = {(topic, "good"): count for topic, count in good.items()}
        read |= {(topic, "bad"): count for topic, count in bad.items()}
        yield counter("imagebus_viewer_records_total", "Records read, good or bad.", ("topic", "kind"), read)
        skipped = {(topic,): count for topic, count in self._newest.skipped.items()}
        about = "Records that were not read since there were too many: the newest were."
        yield counter("imagebus_viewer_skipped_records_total", about, ("topic",), skipped)
        lag = {(topic,): waiting for topic, waiting in self._lag.by_topic().items()}
        yield gauge("imagebus_viewer_lag_records", "Records of a topic that wait for the viewer.", ("topic",), lag)
        sources = self._newest.sources
        yield gauge("imagebus_viewer_sources", "Sources that are remembered.", (), {(): len(sources)})
        about = "Sources that were forgotten: silent for minutes, or out of places."
        yield counter("imagebus_viewer_forgotten_sources_total", about, (), {(): sources.forgotten})
        about = "Frames that were not shown since all places were taken by other sources."
        yield counter("imagebus_viewer_turned_away_frames_total", about, (), {(): sources.turned_away})
        traffic, sent = self._traffic, {("sent",): self._traffic.sent, ("skipped",): self._traffic.skipped}
        yield gauge("imagebus_viewer_clients", "Browsers that watch.", (), {(): traffic.clients})
        about = "Pictures for browsers: sent, or skipped since the browser was slow or another source had its turn."
        yield counter("imagebus_viewer_pictures_total", about, ("outcome",), sent)
        ready = {(): float(self._bus.state == "ready")}
        yield gauge("imagebus_viewer_ready", "1 if the viewer holds partitions of every topic it shows.", (), ready)
        idle = {(): self._liveness.idle_s}
        yield gauge("imagebus_viewer_idle_seconds", "How long no record was read while some waited.", (), idle)
