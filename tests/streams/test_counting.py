"""Counting on a real bus: kills, rebalances and repeats change nothing, and nothing but numbers leaves the process."""

from __future__ import annotations

import contextlib
import json
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgpack
import numpy as np
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient  # type: ignore[attr-defined]

from functions import Detection, Frame
from functions.count import Camera, Options, count
from functions.looks import Looks, look_of
from streams.counts import COUNTS, VISITS, Counted, WireVisit, decode
from tests.bus import consume, length, produce, produce_all
from tests.kafka_node import KafkaNode
from tests.processes import Process, free_port
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


def test_visitors_are_counted_at_each_camera_and_once_over_both(
    kafka_node: Callable[..., KafkaNode], tmp_path: Path
) -> None:
    url = kafka_node().url
    port = free_port()
    with worker(environment(url, tmp_path, CHAIN, partitions=4, web_port=port), "count") as process:
        ready(process)
        produce_all(url, "IMAGEAI_FRAME", BOTH)
        messages = wait_counted(url, COUNTED)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            metrics = answer.read().decode()
    assert 'imagebus_visitors{source="",window="day"} 8.0' in metrics
    assert 'imagebus_unique_visitors{source="",window="running"} 4.0' in metrics
    assert newest(messages, "hour") == newest(messages, "day") == COUNTED


def test_kills_rebalances_and_reprocessing_change_no_count(
    kafka_node: Callable[..., KafkaNode], tmp_path: Path
) -> None:
    url = kafka_node().url
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


LOOKS_CHAIN = """
[stages.detect]
function = "detect_stub"
input = "SOURCE_FRAME"
output = "IMAGEAI_FRAME"

[counts]
looks = true
"""
STANDING = (100.5, 50.5, 139.5, 149.5)


def dressed(source: str, seconds: int, starts_s: int) -> list[Frame]:
    """Somebody in red and blue who stands before a camera."""
    image = np.full((240, 320, 3), 90, np.uint8)
    image[50:100, 100:140], image[100:150, 100:140] = (30, 30, 200), (200, 60, 30)
    shown = Frame.from_image(image, source)
    return [
        replace(
            Frame.from_jpeg(shown.jpeg, source),
            id=f"{walkers.BEGAN_AT}-{seq}",
            seq=seq,
            captured_at=walkers.BEGAN_AT + (starts_s + seq) * walkers.SECOND,
            detections=(Detection("person", 0.9, STANDING),),
        )
        for seq in range(seconds)
    ]


def secrets_of(frames: Sequence[Frame]) -> dict[str, list[bytes]]:
    """What may be nowhere but in the process: states of the descriptor, as bytes and as text, and rows of the crop."""
    look, looks, states = look_of(frames[0].image, STANDING), Looks(), []
    assert look is not None
    for at in range(len(frames)):
        looks.add(1, "a", at, look)
        states.append(looks._seen[1].look)
    rows = [frames[0].image[row, 101:139].tobytes() for row in (70, 120)]
    numbers = [np.flatnonzero(state) for state in states]
    texts = [" ".join(map(str, state[some])).encode() for state, some in zip(states, numbers, strict=True)]
    packed = [b"".join(map(msgpack.packb, state[some].tolist())) for state, some in zip(states, numbers, strict=True)]
    return {"descriptor": [*(state.tobytes() for state in states), *texts, *packed], "crop": rows}


def found_in(contents: Iterable[bytes], secrets: Mapping[str, list[bytes]]) -> set[str]:
    everything = list(contents)
    return {what for what, needles in secrets.items() if any(n in each for n in needles for each in everything)}


def memory_of(pid: int) -> Iterator[bytes]:
    """What a process has written in its memory."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if rights.startswith("rw"):
                begin, end = (int(each, 16) for each in span.split("-"))
                memory.seek(begin)
                with contextlib.suppress(OSError):
                    yield memory.read(end - begin)


def topics_of(url: str) -> list[str]:
    there = AdminClient({"bootstrap.servers": url, "log_level": 0}).list_topics(timeout=10).topics
    return [topic for topic in there if topic != "IMAGEAI_FRAME" and not topic.startswith("__")]


def test_who_looks_the_same_counts_once_and_what_they_look_like_never_leaves_the_process(
    kafka_node: Callable[..., KafkaNode], tmp_path: Path
) -> None:
    url = kafka_node().url
    (tmp_path / "temporary").mkdir()
    env = environment(url, tmp_path, LOOKS_CHAIN, partitions=2) | {"TMPDIR": str(tmp_path / "temporary")}
    here, there = dressed("a", 10, 0), dressed("b", 10, 60)
    secrets = secrets_of(here)

    def outside(process: Process) -> set[str]:
        values = [
            message.value() or b"" for each in topics_of(url) for message in consume(url, each, length(url, each))
        ]
        files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        return found_in([*values, *files, process.log.read_bytes()], secrets)

    with worker(env, "count") as process:
        produce_all(url, "IMAGEAI_FRAME", [*walkers.pairs(here), *walkers.pairs(there)])
        wait_counted(url, {("a", 1, 1), ("b", 1, 1), (None, 2, 1)})
        assert "descriptor" in found_in(memory_of(process.pid), secrets)  # it is there, and would be found
        assert outside(process) == set()
        assert process.terminate() == 0
        assert outside(process) == set()

        for name, needles in secrets.items():
            planted = tmp_path / "temporary" / name
            planted.write_bytes(b"before" + needles[0] + b"after")
            assert outside(process) == {name}
            planted.unlink()
        produce(url, VISITS, "planted", secrets["descriptor"][-1])
        assert outside(process) == {"descriptor"}


def read_all(url: str, topic: str) -> dict[tuple[int, int], tuple[int, int]]:
    return visits(consume(url, topic, length(url, topic)))
