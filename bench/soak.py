"""`make soak VIDEO=file MINUTES=30`: four cameras and twenty viewers, for long, on a real Kafka.

What may not grow: the memory of each process, and the records that wait for a stage.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import numpy as np
import psutil

from bench.crowd import read
from bench.material import clip_from
from bench.plot import Axes, Points, page
from tests import kafka_node
from tests.kafka_node import KafkaNode
from tests.processes import IMAGEBUS, Process, free_port
from tests.streams.chains import environment, wait_ready, worker
from tests.streams.pages import get, parsed
from tests.wait import wait_until
from tests.web.viewing import Viewing, start_viewer

CAMERAS, VIEWERS, FPS = 4, 20, 10
CHAIN = """
[stages.motion]
function = "detect_motion"
input = "SOURCE_FRAME"
output = "MOTION_FRAME"

[stages.annotate]
function = "annotate"
input = "MOTION_FRAME"
output = "ANNOTATED_FRAME"

[stages.redact]
function = "redact"
input = "MOTION_FRAME"
output = "REDACTION_FRAME"
options = { labels = ["motion"] }

[topics.REDACTION_FRAME]
redacted = true
"""
STAGES = ("motion", "annotate", "redact")
MOST_MB_PER_MIN = 1.0
_LOOK_S = 5.0
# Caches and pools fill up first; a growth of later is one that goes on.
_WARM_SHARE = 0.25
_OUT = Path("bench/out")


@dataclass
class Soak:
    """What runs, and what was seen of it: minutes since the start, and values by name."""

    processes: Mapping[str, Process]
    metrics_url: str
    memory_mb: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    lag: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    outcomes: Counter[str] = field(default_factory=Counter)

    def look(self, at_min: float) -> None:
        """Take everything down once. Fails where a process has ended."""
        for name, process in self.processes.items():
            assert process.exit_code is None, f"Expected {name} to run\n{process.tail()}"
            self.memory_mb[name].append((at_min, psutil.Process(process.pid).memory_info().rss / 1e6))
        told = parsed(get(f"{self.metrics_url}/metrics")[1])
        waiting: Counter[str] = Counter()
        for (name, *labels), value in told.items():
            if name == "imagebus_lag_records":
                waiting[labels[0]] += int(value)
            elif name == "imagebus_records_total":
                self.outcomes["{1} {0}".format(*labels)] = int(value)
            elif name == "imagebus_restarts_total":
                self.outcomes[f"{labels[0]} restarts"] = int(value)
        for stage, count in waiting.items():
            self.lag[stage].append((at_min, count))


def main() -> None:
    """Print the figures as JSON, write the plot, and end with 1 where something grew or went wrong."""
    clip = clip_from(sys.argv[1:2])
    minutes = float(sys.argv[2])
    kafka_node.require()
    with tempfile.TemporaryDirectory() as folder, _running(clip, Path(folder)) as (soak, viewing):
        frames = asyncio.run(_for(minutes, soak, viewing))
        result = _result(soak, minutes, frames)
    _OUT.mkdir(exist_ok=True)
    (_OUT / "soak.svg").write_text(page(_plots(soak)))
    print(json.dumps(result, indent=2))
    print(f"Plot: {_OUT / 'soak.svg'}", file=sys.stderr)
    sys.exit(0 if result["ok"] else 1)


@contextmanager
def _running(clip: Path, folder: Path) -> Iterator[tuple[Soak, Viewing]]:
    """Kafka, a worker, a viewer and the cameras; all ready."""
    port = free_port()
    with KafkaNode() as node, ExitStack() as stack:
        env = environment(node.url, folder, CHAIN, web_port=port, partitions=4)
        staged = stack.enter_context(worker(env))
        wait_ready(staged, *STAGES)
        viewing = stack.enter_context(start_viewer(node.url, env=env))
        wait_until(lambda: viewing.state().get("bus") == "ready", 60, "a viewer that reads")
        produce = [*IMAGEBUS, "produce", str(clip), "-f", "1", "--realtime", "--loop", "-n"]
        cameras = {name: stack.enter_context(Process([*produce, name], env)) for name in _names()}
        yield Soak({"worker": staged, "viewer": viewing.process, **cameras}, f"http://127.0.0.1:{port}"), viewing


async def _for(minutes: float, soak: Soak, viewing: Viewing) -> float:
    """Watch for so long; the pictures a second of the viewer that got fewest."""
    seen = [Counter[str]() for _ in range(VIEWERS)]
    began = time.monotonic()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        names = _names()
        watching = [
            asyncio.create_task(read(session, f"{viewing.url}/ws", [names[at % CAMERAS]], "REDACTION_FRAME", count))
            for at, count in enumerate(seen)
        ]
        while (passed_s := time.monotonic() - began) < 60 * minutes:
            await asyncio.to_thread(soak.look, passed_s / 60)
            await asyncio.sleep(_LOOK_S)
            ended = [task for task in watching if task.done()]
            assert not ended, f"Expected {VIEWERS} viewers that watch to the end, {len(ended)} ended: {ended[:1]}"
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    return min(count.total() for count in seen) / (60 * minutes)


def _result(soak: Soak, minutes: float, slowest_fps: float) -> dict[str, object]:
    slopes = {name: round(_slope(_late(points)), 3) for name, points in soak.memory_mb.items()}
    growth = {stage: round(_growth(_late(points))) for stage, points in soak.lag.items()}
    wrong = {name: count for name, count in soak.outcomes.items() if count and not name.endswith(" done")}
    said = [line for process in soak.processes.values() for line in process.lines if _is_error(line)]
    small = all(slope < MOST_MB_PER_MIN for slope in slopes.values())
    # A second's worth of frames more waits at one look than at another.
    level = all(count < CAMERAS * FPS for count in growth.values())
    return {
        "minutes": minutes,
        "memory_mb_per_min": slopes,
        "memory_mb_at_end": {name: round(points[-1][1]) for name, points in soak.memory_mb.items()},
        "lag_growth_records": growth,
        "done": {name: count for name, count in soak.outcomes.items() if name.endswith(" done")},
        "skipped_dead_expired_restarts": wrong,
        "errors_in_logs": len(said),
        "first_errors": said[:5],
        "slowest_viewer_fps": round(slowest_fps, 2),
        "ok": small and level and not said and not any("skipped" not in name for name in wrong),
    }


def _late(points: Points) -> Points:
    return points[int(len(points) * _WARM_SHARE) :]


def _slope(points: Points) -> float:
    """Of the line that fits best."""
    x, y = np.array(points).T
    return float(np.polyfit(x, y, 1)[0])


def _growth(points: Points) -> float:
    """How much more it was in the last third than in the first."""
    values = np.array(points)[:, 1]
    third = max(1, len(values) // 3)
    return float(np.median(values[-third:]) - np.median(values[:third]))


def _is_error(line: str) -> bool:
    return any(word in line for word in ("[ERROR]", "[CRITICAL]", "Traceback", "is a dead letter"))


def _plots(soak: Soak) -> list[Axes]:
    return [
        Axes("Resident memory of each process", "minutes", "MB", soak.memory_mb),
        Axes("Records that wait for each stage", "minutes", "records", soak.lag),
    ]


def _names() -> list[str]:
    return [f"camera-{at}" for at in range(CAMERAS)]


if __name__ == "__main__":
    main()
