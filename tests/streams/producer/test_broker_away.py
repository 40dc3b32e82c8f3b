"""A broker that is not there yet, goes and comes back, or refuses: a file loses nothing, a person is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from confluent_kafka.admin import AclOperation

from functions.core import jpeg
from tests.bus import length
from tests.kafka_node import KafkaNode
from tests.streams.cameras import mjpeg_camera
from tests.streams.producing import TOPIC, frames, producer
from tests.streams.stage.test_refused import GUARDED, deny
from tests.wait import wait_until

Start = Callable[..., KafkaNode]


def test_a_broker_that_starts_late_and_is_away_in_the_middle_gets_every_frame_once(
    kafka_node: Start, clip: Path
) -> None:
    node = kafka_node()
    node.stop()
    with producer(node.url, clip, "-f", 1, "--lead", 0) as process:
        process.wait_for_line(f"waiting for the broker at {node.url} since")
        node.start()
        wait_until(lambda: length(node.url, TOPIC) > 50, 30, "the first frames")
        node.stop()
        process.wait_for_line(rf"waiting for the broker at {node.url} since \d+ s, \d+ frames not acknowledged")
        node.start()
        process.wait_for_line("the broker answers again")
        assert process.wait(60) == 0

    records = frames(node.url, TOPIC, 795)
    assert [record["seq"] for record in records] == list(range(795))


def test_a_camera_skips_frames_while_the_broker_is_away_and_counts_them(kafka_node: Start) -> None:
    node = kafka_node()
    picture = jpeg.encode(np.zeros((48, 64, 3), np.uint8))
    with mjpeg_camera([picture]) as place, producer(node.url, f"http://{place}/", "-f", 1) as process:
        wait_until(lambda: length(node.url, TOPIC) > 5, 30, "the first frames")
        node.stop()
        process.wait_for_line(r"\d+ frames skipped: the broker at \S+ does not take them in time")
        node.start()
        process.wait_for_line("the broker answers again")
        before = length(node.url, TOPIC)
        wait_until(lambda: length(node.url, TOPIC) > before + 5, 30, "frames after the broker came back")

    records = frames(node.url, TOPIC, length(node.url, TOPIC))
    seqs = [record["seq"] for record in records]
    assert seqs == sorted(set(seqs))
    assert seqs[-1] > len(seqs), "Expected frames to be skipped"


def test_a_topic_that_is_refused_ends_the_producer_with_one_line_and_1(kafka_node: Start, clip: Path) -> None:
    url = kafka_node(GUARDED).url
    deny(url, TOPIC, AclOperation.WRITE)
    with producer(url, clip, "--lead", 0) as process:
        assert process.wait() == 1

    assert process.lines == [f"Error: {TOPIC} at {url} takes no records: Broker: Topic authorization failed"]
