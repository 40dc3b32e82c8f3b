"""The viewer's Prometheus metrics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from streams.runtime.lag import Lag, Liveness
from streams.runtime.metrics import counter, gauge
from web.live.newest import NewestFrames
from web.live.state import BrokerState


@dataclass
class Traffic:
    """Browsers that are connected, and the pictures that were sent to them or skipped."""

    clients: int = 0
    sent: int = 0
    skipped: int = 0


class ViewerMetrics(Collector):
    """The metrics of a viewer; they name topics, and no source."""

    def __init__(self, newest: NewestFrames, bus: BrokerState, traffic: Traffic, lag: Lag, liveness: Liveness) -> None:
        self._newest, self._bus, self._traffic, self._lag, self._liveness = newest, bus, traffic, lag, liveness

    def collect(self) -> Iterable[Metric]:
        """The current values."""
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
