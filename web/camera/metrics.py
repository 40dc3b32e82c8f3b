"""The camera page's Prometheus metrics, apart from the viewer's, which must not import WebRTC."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from streams.runtime.metrics import counter, gauge
from web.camera.whip import FRAMES, Whip


class CameraMetrics(Collector):
    """The metrics of a camera page; they name no source."""

    def __init__(self, whip: Whip) -> None:
        self._whip = whip

    def collect(self) -> Iterable[Metric]:
        """The current values."""
        yield gauge("imagebus_cameras", "Cameras that are sending.", (), {(): self._whip.cameras})
        frames = self._whip.frames
        about = "Frames of cameras: received, sent (on the bus) or lost."
        yield counter("imagebus_camera_frames_total", about, ("outcome",), {(each,): frames[each] for each in FRAMES})
