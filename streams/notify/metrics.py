"""What became of alerts, and what waits for each output, for Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sized

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from streams.runtime.metrics import counter, gauge

# What becomes of an alert: a message of its own, a part of a summary, or nothing for an output that takes none.
TOLD, HELD, DROPPED = "told", "held", "dropped"


class AlertMetrics(Collector):
    """The alerts of one process by rule and outcome, and the messages that wait by output."""

    def __init__(self, alerts: Counter[tuple[str, str]], waiting: Mapping[str, Sized]) -> None:
        self._alerts, self._waiting = alerts, waiting

    def collect(self) -> Iterable[Metric]:
        """The metrics, at each scrape."""
        about = "Alerts: told in a message, held back and summed up, or dropped for an output that takes none."
        yield counter("imagebus_alerts_total", about, ("rule", "outcome"), self._alerts)
        waiting = {(name,): len(each) for name, each in self._waiting.items()}
        yield gauge("imagebus_alerts_waiting", "Messages that an output has not taken yet.", ("output",), waiting)
