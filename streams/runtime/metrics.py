"""Prometheus metrics that worker, viewer, camera page and producer share."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client import Histogram as Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from functions.core.frame import Frame
from streams.wire.names import NAME_LENGTH

CONTENT_TYPE = CONTENT_TYPE_LATEST
# Seconds: from a detector on a fast core to the time limit of a function.
BOUNDS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_ANY = "seconds"  # the name of a histogram until it is collected

Values = Mapping[Any, float]  # by a tuple with the value of each label


class Times:
    """A stage's times: of its function, of the way to it, and of a live frame from its capture to here."""

    def __init__(self) -> None:
        self.function, self.hop, self.age = _histogram(), _histogram(), _histogram()

    def add(self, frame: Frame, started_at: int, took_us: int) -> None:
        """Take in one frame, with when its function began (µs since the epoch) and how long it took."""
        _observe(self.function, took_us)
        if frame.hops:
            _observe(self.hop, started_at - frame.hops[-1].started_at - frame.hops[-1].took_us)
        elif frame.live:  # a file's capture time says nothing of now
            _observe(self.hop, started_at - frame.captured_at)
        if frame.live:
            _observe(self.age, started_at + took_us - frame.captured_at)


class DeadSources:
    """A count for each of at most `places` sources; `""` has those of sources that made room, and of no source.

    The source with the fewest makes room: names without end evict one another, and the sum is always that of all.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._counts: dict[str, int] = {"": 0}

    def add(self, key: bytes | None) -> None:
        """Count one, by the key of its message."""
        name = (key or b"")[: 4 * NAME_LENGTH + 1].decode(errors="replace")
        name = name if len(name) <= NAME_LENGTH else ""
        if name not in self._counts and len(self._counts) > self._places:
            fewest = min(filter(None, self._counts), key=self._counts.__getitem__)
            self._counts[""] += self._counts.pop(fewest)
        self._counts[name] = self._counts.get(name, 0) + 1

    @property
    def counts(self) -> dict[str, int]:
        """The counts by source."""
        return dict(self._counts)


def _histogram() -> Histogram:
    """One of no registry: the process may run several workers, each with a registry of its own."""
    return Histogram(_ANY, _ANY, registry=None, buckets=BOUNDS_S)


def _observe(times: Histogram, took_us: int) -> None:
    times.observe(max(0, took_us) / 1e6)  # what two clocks made less than nothing counts as nothing


def counter(name: str, about: str, labels: Iterable[str], values: Values) -> Metric:
    """A family of counters, by the values of their labels."""
    return _filled(CounterMetricFamily(name, about, labels=list(labels)), values)


def gauge(name: str, about: str, labels: Iterable[str], values: Values) -> Metric:
    """A family of gauges, by the values of their labels."""
    return _filled(GaugeMetricFamily(name, about, labels=list(labels)), values)


def histogram(name: str, about: str, label: str, values: Mapping[str, Histogram]) -> Metric:
    """A family of histograms, by the value of their one label."""
    family = HistogramMetricFamily(name, about, labels=[label])
    for value, times in values.items():
        for sample in next(iter(times.collect())).samples:
            suffix = sample.name.removeprefix(_ANY)
            if suffix != "_created":
                family.add_sample(name + suffix, {label: value, **sample.labels}, sample.value)
    return family


def registry(collector: Collector) -> CollectorRegistry:
    """All there is to tell: what is collected, the process's own figures and the build."""
    all_of_it = CollectorRegistry()
    all_of_it.register(collector)
    all_of_it.register(_Build())
    ProcessCollector(registry=all_of_it)
    return all_of_it


def page(collector: Collector) -> bytes:
    """The same as text for Prometheus."""
    return generate_latest(registry(collector))


class _Build(Collector):
    def collect(self) -> Iterable[Metric]:
        labels = {"version": version("imagebus"), "python": platform.python_version(), "machine": platform.machine()}
        yield gauge("imagebus_build_info", "Which build this is, always 1.", labels, {tuple(labels.values()): 1.0})


def _filled(family: CounterMetricFamily | GaugeMetricFamily, values: Values) -> Metric:
    for labels, value in values.items():
        family.add_metric(list(labels), value)
    return family
