"""The states of all cameras on the bus for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import get_args

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from streams.runtime.metrics import gauge
from streams.wire.cameras import CameraState, State


class StateMetrics(Collector):
    """The metrics of cameras, each by its newest state."""

    def __init__(self, states: Mapping[str, CameraState]) -> None:
        self.states = states

    def collect(self) -> Iterable[Metric]:
        """The metrics, at each scrape."""
        states, now = {**self.states}, time.time()
        is_in = {(name, each): float(each == state.state) for name, state in states.items() for each in get_args(State)}
        yield gauge("imagebus_camera_state", "1 for the state that the source is in.", ("source", "state"), is_in)
        fps = {(name, way): rate for name, state in states.items() for way, rate in _rates(state)}
        yield gauge("imagebus_camera_fps", "Frames a second from the source and to the bus.", ("source", "way"), fps)
        ages = {(name,): max(0.0, now - state.updated_at / 1e6) for name, state in states.items()}
        yield gauge("imagebus_camera_state_age_seconds", "Since its state was last told.", ("source",), ages)


def _rates(state: CameraState) -> tuple[tuple[str, float], ...]:
    return ("in", state.fps_in), ("out", state.fps_out)
