"""Counting on a real bus: kills, rebalances and repeats change nothing, and nothing but numbers leaves the process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from confluent_kafka import Message

from streams.counts import COUNTS, VISITS, Counted, WireVisit, decode
from tests.bus import consume, produce_all
from tests.kafka_node import KafkaNode
from tests.processes import Process
from tests.streams import walkers
from tests.streams.chains import environment, worker
from tests.streams.walkers import Walker
from tests.wait import wait_until

# Four people, two of whom walk from one camera's view into the other's; one waits between the two.
PEOPLE = [
    Walker(1, 200),
    Walker(4, 300),
    Walker(9, 400, x=8.5, speed=-1.2),
    Walker(12, 250, x=4.5, speed=0.02),
]
SECONDS = 24.0
COUNTED = {("left", 4, 4), ("right", 4, 4), (None, 8, 4)}
CHAIN = f"""
[stages.detect]
function = "detect_stub"
input = "SOURCE_FRAME"
output = "IMAGEAI_FRAME"

[counts]
input = "IMAGEAI_FRAME"
time_zone = "Europe/Berlin"

[counts.ground]
left = {json.dumps(walkers.homography("left"))}
right = {json.dumps(walkers.homography("right"))}
"""
LEFT = walkers.pairs(walkers.frames(PEOPLE, SECONDS, "left"))
RIGHT = walkers.pairs(walkers.frames(PEOPLE, SECONDS, "right"))
BOTH = [pair for both in zip(LEFT, RIGHT, strict=True) for pair in both]


def newest(messages: Iterable[Message], window: str = "running") -> set[tuple[str | None, int, int]]:
    """Camera, visitors and unique visitors, as the newest record of each says."""
    counted = [decode(message.value(), Counted) for message in messages]
    return {(each.source, each.visitors, each.unique) for each in _last(counted) if each.window == window}


def _last(counted: Iterable[Counted]) -> Iterable[Counted]:
    return {(each.window, each.starts_at, each.source): each for each in counted}.values()


def wait_counted(url: str, wanted: set[tuple[str | None, int, int]]) -> list[Message]:
    return consume(url, COUNTS, lambda messages: newest(messages) == wanted, timeout_s=40)


def ready(process: Process) -> None:
    for name in ("count", "count-book"):
        process.wait_for_line(f"Stage {name}: is ready", 40)


def test_visitors_are_counted_at_each_camera_and_once_over_both(
    kafka_node: Callable[..., KafkaNode], tmp_path: Path
) -> None:
    url = kafka_node().url
    with worker(environment(url, tmp_path, CHAIN, partitions=4), "count") as process:
        ready(process)
        produce_all(url, "IMAGEAI_FRAME", BOTH)
        messages = wait_counted(url, COUNTED)
    assert newest(messages, "hour") == newest(messages, "day") == COUNTED
