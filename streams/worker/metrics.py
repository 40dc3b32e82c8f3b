"""A worker's Prometheus metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from streams.counting.workers import LedgerWorker
from streams.runtime.metrics import Histogram, Times, Values, counter, gauge, histogram
from streams.runtime.supervisor import AppWorker
from streams.worker.stage_worker import StageWorker

# What becomes of a record: done, skipped as too old, a dead letter, or expired before it was read.
OUTCOMES = ("done", "skipped", "dead", "expired")

_Family = Callable[[str, str, Iterable[str], Values], Metric]
_OF_STAGES: tuple[tuple[_Family, str, str, Callable[[AppWorker], float]], ...] = (
    (gauge, "imagebus_ready", "1 if the stage holds partitions of every topic it reads.", lambda s: not s.trouble),
    (gauge, "imagebus_idle_seconds", "How long no record was done while some waited.", lambda s: s.liveness.idle_s),
    (counter, "imagebus_restarts_total", "How often the stage was started anew.", lambda s: s.restarts),
)
_TIMES: tuple[tuple[str, str, Callable[[Times], Histogram]], ...] = (
    ("imagebus_function_seconds", "Time of the stage's function.", lambda times: times.function),
    ("imagebus_hop_seconds", "From the stage before, or capture, to the stage's function.", lambda times: times.hop),
    ("imagebus_age_seconds", "From a live frame's capture to the stage's result.", lambda times: times.age),
)


class Stages(Collector):
    """The metrics of these stages."""

    def __init__(self, stages: Sequence[AppWorker]) -> None:
        self._stages = stages

    def collect(self) -> Iterable[Metric]:
        yield counter(
            "imagebus_records_total",
            "Records by what became of them: done, skipped (too old), dead (a dead letter), expired (deleted unread).",
            ("stage", "outcome"),
            {(each.name, outcome): each.counts[outcome] for each in self._stages for outcome in OUTCOMES},
        )
        yield gauge(
            "imagebus_lag_records",
            "Records of a topic that the stage has not acknowledged.",
            ("stage", "topic"),
            {(each.name, topic): waiting for each in self._stages for topic, waiting in each.lag.items()},
        )
        for kind, name, about, value in _OF_STAGES:
            yield kind(name, about, ("stage",), {(each.name,): value(each) for each in self._stages})
        functions = [each for each in self._stages if isinstance(each, StageWorker)]
        about = "Sources that the stage remembers."
        yield gauge("imagebus_sources", about, ("stage",), {(each.name,): each.stage.sources for each in functions})
        yield counter(
            "imagebus_sources_forgotten_total",
            "Sources that the stage has forgotten: silent, or more than it has places for.",
            ("stage",),
            {(each.name,): each.stage.sources_forgotten for each in functions},
        )
        yield counter(
            "imagebus_dead_letters_total",
            "Dead letters that the stage wrote, by source; without one, of all that there is no place for.",
            ("stage", "source"),
            {(w.name, source): count for w in functions for source, count in w.stage.dead_letters.counts.items()},
        )
        for name, about, times in _TIMES:
            yield histogram(name, about, "stage", {each.name: times(each.stage.work.times) for each in functions})
        for each in self._stages:
            yield from each.metrics()
        yield from _visitors(each for each in self._stages if isinstance(each, LedgerWorker))


def _visitors(ledgers: Iterable[LedgerWorker]) -> Iterable[Metric]:
    """Visitors of the window of each kind that began last."""
    told = sorted((count for ledger in ledgers for count in ledger.published), key=lambda count: count.window.starts_at)
    about = "Visitors in the newest window; without a source, over all cameras."
    labels = ("window", "source")
    visitors = {(count.window.kind, count.source or ""): count.visitors for count in told}
    yield gauge("imagebus_visitors", f"{about} Their plain sum.", labels, visitors)
    unique = {(count.window.kind, count.source or ""): count.unique for count in told}
    yield gauge("imagebus_unique_visitors", f"{about} Each counted once.", labels, unique)
