"""Glass to glass: an RTSP camera, the chain, `imagebus publish`, an RTSP recorder, and somebody who watches.

`make bench-publish [SECONDS=600] [SIZE=1280x720]`. After a third of the time the chain is killed and started again,
after two thirds the broker. Delay of the pictures, rate of the stream, what it costs, and whether the camera's marker,
which the chain hides, was ever seen.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import psutil
from av import VideoFrame

from bench.marker import age_ms, drawn, shows_marker
from streams.chain.cameras_section import size_of
from streams.publish.child import Ticks
from streams.publish.publication import Publication
from tests.kafka_node import KafkaNode
from tests.processes import IMAGEBUS, Process, free_port
from tests.streams.chains import STUB_CHAIN, environment, wait_ready, worker
from tests.streams.recorders import Watcher, rtsp_recorder

SECONDS = float(os.environ.get("SECONDS", "600"))
SIZE_WH = size_of(os.environ.get("SIZE", "640x480"))
FPS = 10
_CHAIN = (
    STUB_CHAIN.replace("detect_stub", "detect_marker")
    + """
[outputs.recorder]
kind = "stream"
url = "rtsp://127.0.0.1:{port}/{{source}}"
fps = {fps}
"""
)
_AWAY_S = 10.0


class Sight(NamedTuple):
    """A frame of the stream: when it was seen (time.monotonic()), how old it was, and whether the marker was in it."""

    at_s: float
    age_ms: int | None
    marked: bool


def seen(frame: VideoFrame) -> Sight:
    """What is seen of a frame now."""
    image = frame.to_ndarray(format="bgr24")
    return Sight(time.monotonic(), age_ms(image, time.time_ns() // 1_000_000), shows_marker(image))


class Camera(threading.Thread):
    """Sends pictures of now to a recorder, which hands them out as an RTSP camera does."""

    def __init__(self, url: str, size_wh: tuple[int, int], fps: float) -> None:
        super().__init__(daemon=True)
        self._url, self._size_wh, self._fps = url, size_wh, fps
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join(timeout=10)

    def run(self) -> None:
        publication, ticks = Publication(self._url, self._size_wh, self._fps), Ticks(self._fps)
        while not self._over.is_set():
            image = drawn(self._size_wh, time.time_ns() // 1_000_000)
            publication.send(VideoFrame.from_ndarray(image, format="bgr24"), ticks.number)
            ticks.wait_for_next(self._over)
        publication.close()


class Line:
    """All of it, from the camera to who watches; `raw` watches the camera itself."""

    def __init__(self, stack: ExitStack, folder: Path, size_wh: tuple[int, int], fps: float) -> None:
        port, self._stack = free_port(), stack
        place = f"rtsp://127.0.0.1:{port}"
        self._enter(rtsp_recorder(port, "glass", "cam"))
        self.broker = stack.enter_context(KafkaNode())
        chain = _CHAIN.format(port=port, fps=fps)
        self._env = environment(self.broker.url, folder, chain) | {"IMAGEBUS_FUNCTIONS": "bench.marker"}
        self.chain = self._worker()
        stack.enter_context(Camera(f"{place}/glass", size_wh, fps))
        produce = [*IMAGEBUS, "produce", f"{place}/view/glass", "-n", "cam", "-f", "1"]
        self._enter(Process(produce, self._env))
        wait_ready(self.chain, "detect", "redact")
        self.publish = self._enter(Process([*IMAGEBUS, "publish"], self._env))
        self.publish.wait_for_line("cam: streams to")
        self.camera = Watcher(f"{place}/view/glass", seen)
        self.stream = stack.enter_context(Watcher(f"{place}/view/cam", seen))
        self.wait_for("a picture of the camera", lambda sight: sight.age_ms is not None)

    def wait_for(self, what: str, wanted: Callable[[Sight], bool]) -> Sight:
        """The next such sight of the stream."""
        return self.stream.wait_for(what, wanted, 120)

    def start_chain(self) -> None:
        """Start another worker of the chain."""
        self.chain = self._worker()

    def cpu_s(self) -> float:
        """The CPU time that publishing has taken so far."""
        parent = psutil.Process(self.publish.pid)
        times = [each.cpu_times() for each in (parent, *parent.children(recursive=True))]
        return sum(each.user + each.system for each in times)

    def _worker(self) -> Process:
        return self._enter(worker(self._env, "detect", "redact"))

    def _enter(self, process: Process) -> Process:
        self._stack.callback(process.close)
        return process


def main() -> None:
    """Run it, and print what came of it; the last line is JSON."""
    with ExitStack() as stack:
        line = Line(stack, Path(stack.enter_context(tempfile.TemporaryDirectory())), SIZE_WH, FPS)
        with line.camera as camera:
            assert camera.wait_for_more(10)[-1].marked, "Expected to see the marker in the camera's own pictures"
        began, cpu_s, first = time.monotonic(), line.cpu_s(), len(line.stream.seen)
        time.sleep(SECONDS / 3)
        print("the chain is killed, and started again", flush=True)
        line.chain.kill()
        line.start_chain()
        time.sleep(SECONDS / 3)
        print(f"the broker is killed, and started again after {_AWAY_S:g} s", flush=True)
        line.broker.kill()
        time.sleep(_AWAY_S)
        line.broker.start()
        time.sleep(max(0.0, began + SECONDS - time.monotonic()))
        sights, over_s = line.stream.seen[first:], time.monotonic() - began
        cpu = (line.cpu_s() - cpu_s) / over_s
        joined, connections = line.stream.joined, line.publish.text.count("cam: streams to")
    ages = [sight.age_ms for sight in sights if sight.age_ms is not None]
    report = {
        "seconds": round(over_s, 1),
        "size": "x".join(map(str, SIZE_WH)),
        "frames": len(sights),
        "rate": round(len(sights) / over_s, 3),
        "longest_pause_s": round(float(np.diff([sight.at_s for sight in sights]).max()), 2),
        "without_picture": round(1 - len(ages) / len(sights), 3),
        "delay_ms_p50": round(float(np.percentile(ages, 50))),
        "delay_ms_p99": round(float(np.percentile(ages, 99))),
        "cpu_percent": round(100 * cpu, 1),
        "frames_with_marker": sum(sight.marked for sight in sights),
        "connections": connections,
        "joined": joined,
    }
    for name, value in report.items():
        print(f"{name:20} {value}")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
