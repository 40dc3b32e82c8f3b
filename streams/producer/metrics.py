"""A producer's Prometheus metrics, served where it is given a port."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import start_http_server
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from streams.cameras.metrics import StateMetrics
from streams.cameras.report import Report
from streams.producer.sampling import Production
from streams.producer.sources import Source
from streams.producer.urls import SourceError
from streams.runtime.metrics import counter, registry


class ProducerMetrics(Collector):
    """The metrics of one run of a producer."""

    def __init__(self, production: Production, source: Source, report: Report) -> None:
        self._production, self._source, self._report = production, source, report

    def collect(self) -> Iterable[Metric]:
        """The metrics, at each scrape."""
        production, sender = self._production, self._production.sender
        name = production.name
        frames = {
            "sent": sender.acknowledged,
            "skipped": production.skipped,
            "lost": sender.lost,
            "left_out": production.left_out,
        }
        about = (
            "Frames: sent (on the bus), skipped or lost (the bus was slow or away), left_out (no JPEG could be made)."
        )
        values = {(name, outcome): count for outcome, count in frames.items()}
        yield counter("imagebus_producer_frames_total", about, ("source", "outcome"), values)
        yield from StateMetrics({name: self._report.state}).collect()
        connections = {(name,): self._source.connections}
        yield counter("imagebus_producer_connections_total", "Connections to the camera.", ("source",), connections)


def serve(port: int, collector: Collector) -> None:
    """Serve /metrics on loopback, in a thread of its own. Raises SourceError where the port is taken."""
    try:
        start_http_server(port, "127.0.0.1", registry(collector))
    except OSError as error:
        raise SourceError(f"--metrics-port: expected a free port, got {port}: {error.strerror}") from None
