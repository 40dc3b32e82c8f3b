"""Counting on a real bus: kills, rebalances and repeats change nothing."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient  # type: ignore[attr-defined]

from functions.counting.per_camera import Camera, Options, count
from streams.wire.counts import COUNTS, VISITS, Counted, WireVisit, decode
from tests.bus import consume, length, produce, produce_all
from tests.processes import Process, free_port
from tests.streams import walkers
from tests.streams.chains import environment, worker
from tests.streams.counted import newest, wait_counted
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
REDRIVEN = walkers.pairs([replace(frame, source="other") for frame in walkers.frames(PEOPLE, SECONDS, "left")])
BOTH = [pair for both in zip(LEFT, RIGHT, strict=True) for pair in both]


def ready(process: Process) -> None:
    for name in ("count", "count-book"):
        process.wait_for_line(f"Stage {name}: is ready", 40)


def read_metrics(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


def visits(messages: Iterable[Message]) -> dict[tuple[int, int], tuple[int, int]]:
    """When each visit began and what was told of it last, by its number and minute."""
    told = [decode(message.value(), WireVisit) for message in messages]
    return {(each.id, each.last_at // 60_000_000): (each.first_at, each.last_at) for each in told}


def undisturbed() -> dict[tuple[int, int], tuple[int, int]]:
    """The same, as the function says it that counts, without a bus."""
    told = []
    for source in walkers.GROUND:
        camera = Camera()
        for frame in walkers.frames(PEOPLE, SECONDS, source):
            camera, news = count(camera, frame, Options())
            told += news
    return {(each.id, each.minute): (each.first_at, each.last_at) for each in told}


def reset_to_start(url: str, group: str, topic: str) -> None:
    """Have a consumer group that nobody is in begin again."""
    client = AdminClient({"bootstrap.servers": url, "log_level": 0})
    partitions = [TopicPartition(topic, each, 0) for each in client.list_topics(topic).topics[topic].partitions]
    request = [ConsumerGroupTopicPartitions(group, partitions)]

    def done() -> bool:
        """Members that were killed are waited for, which takes a session's time-out."""
        try:
            return all(f.result() for f in client.alter_consumer_group_offsets(request).values())
        except KafkaException:
            return False

    wait_until(done, 30, f"{group} at the start of {topic}")


def test_visitors_are_counted_at_each_camera_and_once_over_both_and_none_of_what_was_redriven(
    empty_kafka: str, tmp_path: Path
) -> None:
    url = empty_kafka
    port = free_port()
    with worker(environment(url, tmp_path, CHAIN, partitions=4, web_port=port), "count") as process:
        ready(process)
        produce_all(url, "IMAGEAI_FRAME", REDRIVEN, headers={"redriven": "1"})
        produce_all(url, "IMAGEAI_FRAME", BOTH)
        messages = wait_counted(url, COUNTED)
        told = {
            f'imagebus_records_total{{outcome="skipped",stage="count"}} {len(REDRIVEN)}.0',
            'imagebus_visitors{source="",window="day"} 8.0',
            'imagebus_unique_visitors{source="",window="running"} 4.0',
        }
        # Those that were redriven may be on a partition of their own, which is read beside the others'; and counts are
        # read from their topic before the worker hears that they are on it.
        wait_until(lambda: told <= {*read_metrics(port).splitlines()}, 20, "those skipped and those counted")
    assert newest(messages, "hour") == newest(messages, "day") == COUNTED


def test_kills_rebalances_and_reprocessing_change_no_count(empty_kafka: str, tmp_path: Path) -> None:
    url = empty_kafka
    env = environment(url, tmp_path, CHAIN, partitions=4)
    half = len(BOTH) // 2
    with worker(env, "count") as first:
        ready(first)
        produce_all(url, "IMAGEAI_FRAME", BOTH[:half])
        wait_until(lambda: length(url, VISITS) > 5, 30, "visits")
        first.kill()
    told = length(url, VISITS)
    with worker(env, "count") as second, worker(env, "count") as third:
        produce_all(url, "IMAGEAI_FRAME", BOTH[half:])
        wait_until(lambda: length(url, VISITS) > told + 10, 60, "more visits")
        third.kill()
        messages = wait_counted(url, COUNTED)
        wait_until(lambda: read_all(url, VISITS) == undisturbed(), 60, "all visits")
        assert any(decode(message.value(), Counted).restarted_at for message in messages)
        assert second.terminate() == 0

    reset_to_start(url, f"imagebus.IMAGEAI_FRAME.count.{VISITS}", "IMAGEAI_FRAME")
    counted = length(url, COUNTS)
    with worker(env, "count"):
        produce(url, "IMAGEAI_FRAME", "left", b"junk")
        produce_all(url, "IMAGEAI_FRAME", BOTH)
        consume(url, "DEAD_COUNT", 1)
        last = walkers.pairs(walkers.frames([Walker(0, 200)], 2, "third"))
        produce_all(url, "IMAGEAI_FRAME", last)
        messages = wait_counted(url, {("left", 4, 4), ("right", 4, 4), ("third", 1, 1), (None, 9, 5)})
    assert read_all(url, VISITS).items() > undisturbed().items()
    assert newest(messages[counted:], "day") == newest(messages)


def read_all(url: str, topic: str) -> dict[tuple[int, int], tuple[int, int]]:
    return visits(consume(url, topic, length(url, topic)))
