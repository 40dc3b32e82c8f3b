"""What a process tells Prometheus. Counting costs a record microseconds; text is made when somebody asks."""

from __future__ import annotations

import platform
import threading
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from itertools import accumulate
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from functions.core.frame import Frame

CONTENT_TYPE = CONTENT_TYPE_LATEST
# Seconds: from a detector on a fast core to the time limit of a function.
BOUNDS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_BOUNDS_US = tuple(round(bound * 1e6) for bound in BOUNDS_S)
_LABELS = (*map(str, BOUNDS_S), "+Inf")

Values = Mapping[Any, float]  # by a tuple with the value of each label


class Histogram:
    """How many times fell between which bounds; whoever adds holds the lock of what it belongs to."""

    def __init__(self) -> None:
        self._counts = [0] * len(_LABELS)
        self._sum_us = 0

    def add(self, took_us: int) -> None:
        """Take in one time; what two clocks made less than nothing counts as nothing."""
        self._counts[bisect_left(_BOUNDS_US, took_us)] += 1
        self._sum_us += max(0, took_us)

    def add_to(self, family: HistogramMetricFamily, labels: list[str]) -> None:
        """Put it into the family as Prometheus counts: each bucket with all below."""
        family.add_metric(labels, list(zip(_LABELS, accumulate(self._counts), strict=True)), self._sum_us / 1e6)


class Times:
    """A stage's times: of its function, of the way to it, and of a live frame from its capture to here."""

    def __init__(self) -> None:
        self.function, self.hop, self.age = Histogram(), Histogram(), Histogram()
        self._lock = threading.Lock()

    def add(self, frame: Frame, started_at: int, took_us: int) -> None:
        """Take in one frame, with when its function began (µs since the epoch) and how long it took."""
        with self._lock:
            self.function.add(took_us)
            if frame.hops:
                self.hop.add(started_at - frame.hops[-1].started_at - frame.hops[-1].took_us)
            elif frame.live:  # a file's capture time says nothing of now
                self.hop.add(started_at - frame.captured_at)
            if frame.live:
                self.age.add(started_at + took_us - frame.captured_at)


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
        times.add_to(family, [value])
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
