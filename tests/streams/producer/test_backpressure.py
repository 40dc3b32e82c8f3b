"""A file's producer stays at most so many frames ahead of the slowest_path path of stages behind its topic."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from streams.chain.types import Chain, StageConf
from streams.producer.backpressure import Backpressure, PathLag, slowest_path
from streams.settings import Settings
from tests.bus import length, offsets
from tests.kafka_node import KafkaNode
from tests.streams.producing import TOPIC, produced, producer
from tests.wait import wait_until

DETECT = "imagebus.SOURCE_FRAME.detect.IMAGEAI_FRAME"
CHAIN = """
[stages.first]
function = "annotate"
input = "LEAD_IN"
output = "LEAD_OUT"

[topics.LEAD_IN]
"""


def test_on_the_embedded_broker_a_file_waits_after_32_frames_and_goes_on_as_they_are_read(
    embedded: str, clip: Path
) -> None:
    with producer(embedded, clip, "-f", 1) as process:
        process.wait_for_line(r"stage detect, which has 32 frames to read; is its worker running\? \(--lead 0")
        assert length(embedded, TOPIC) == 32
        _read_up_to(embedded, DETECT, TOPIC, 12)
        wait_until(lambda: length(embedded, TOPIC) == 44, 10, "as many frames more as were read")
        assert process.terminate(signal.SIGINT, timeout_s=5) == 128 + signal.SIGINT


def test_on_kafka_the_lead_asked_for_is_kept_and_what_was_there_before_counts(
    kafka: str, clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "chain.toml").write_text(CHAIN)
    env = {"IMAGEBUS_CHAIN": str(tmp_path / "chain.toml")}
    produced(kafka, clip, "-f", 200, "-t", "LEAD_IN", env=env)
    with producer(kafka, clip, "-f", 100, "-t", "LEAD_IN", "--lead", 6, env=env) as process:
        process.wait_for_line("stage first, which has 6 frames to read")
        assert length(kafka, "LEAD_IN") == 6
        _read_up_to(kafka, "imagebus.LEAD_IN.first.LEAD_OUT", "LEAD_IN", 6)
        assert process.wait() == 0
    assert length(kafka, "LEAD_IN") == 12


def test_without_a_lead_a_file_waits_for_nobody(embedded: str, clip: Path) -> None:
    assert "100 frames on the bus" in produced(embedded, clip, "-f", 8, "--lead", 0)


def test_a_live_source_waits_for_nobody(embedded: str, clip: Path) -> None:
    with producer(embedded, clip, "-f", 1, "--realtime", "--loop", "--lead", 3):
        wait_until(lambda: length(embedded, TOPIC) > 6, 20, "more frames than the lead of a file")


@pytest.mark.parametrize("end", [KafkaNode.stop, KafkaNode.kill])
def test_a_producer_that_waits_goes_on_when_its_broker_is_back(
    kafka_node: Callable[..., KafkaNode], clip: Path, tmp_path: Path, end: Callable[[KafkaNode], None]
) -> None:
    (tmp_path / "chain.toml").write_text(CHAIN)
    node = kafka_node()
    group = "imagebus.LEAD_IN.first.LEAD_OUT"
    env = {"IMAGEBUS_CHAIN": str(tmp_path / "chain.toml")}
    with producer(node.url, clip, "-f", 100, "-t", "LEAD_IN", "--lead", 2, env=env) as process:
        process.wait_for_line("stage first, which has 2 frames to read")
        end(node)
        process.wait_for_line("for the broker to say how far the stages are", 30)
        node.start()
        _read_up_to(node.url, group, "LEAD_IN", 2)
        wait_until(lambda: length(node.url, "LEAD_IN") == 4, 30, "as many frames more as were read")


def test_all_clients_that_ask_are_renewed_when_the_broker_does_not_answer() -> None:
    """Those that ask for the groups' offsets are the ones that lose their coordinator."""
    backpressure = Backpressure(Settings(kafka_url="127.0.0.1:1"), TWO_PATHS, "A", "cam", 3, embedded=False, say=print)
    before = backpressure._admin, backpressure._offsets, backpressure._groups

    assert backpressure._lag() is None
    after = backpressure._admin, backpressure._offsets, backpressure._groups
    assert all(new is not old for new, old in zip(after, before, strict=True))


TWO_PATHS = Chain(
    stages={
        "detect": StageConf(function="f", input="A", output="B"),
        "redact": StageConf(function="f", input="B", output="C"),
        "annotate": StageConf(function="f", input=["B", "X"], output="D"),
        "back": StageConf(function="f", input="C", output="A"),
        "elsewhere": StageConf(function="f", input="Y", output="Z"),
    }
)


@pytest.mark.parametrize(
    ("why", "committed", "expected"),
    [
        ("nothing read: all there is, on the longer path", {}, PathLag(110 + 70 + 5, "detect", 110)),
        ("one stage has read all", {"detect": {"A": 150}, "redact": {"B": 90}}, PathLag(70, "annotate", 70)),
        ("its offset was deleted", {"detect": {"A": 7}, "redact": {"B": 90}}, PathLag(110 + 70, "detect", 110)),
        ("Kafka's mark for none", {"detect": {"A": -1001}, "redact": {"B": 30}}, PathLag(180, "detect", 110)),
        (
            "all have read all",
            {"detect": {"A": 150}, "redact": {"B": 90}, "annotate": {"B": 90}, "back": {"C": 25}},
            PathLag(0),
        ),
    ],
)
def test_the_slowest_path_is_the_one_with_most_frames_to_read(
    why: str, committed: dict[str, dict[str, int]], expected: PathLag
) -> None:
    marks = {"A": (40, 150), "B": (20, 90), "C": (20, 25)}
    read = {name: committed.get(name, {}) for name in TWO_PATHS.stages}

    lag = slowest_path(TWO_PATHS, "A", marks, read)

    assert lag.frames == expected.frames, why
    assert (lag.stage, lag.stage_frames) == (expected.stage, expected.stage_frames), why


def _read_up_to(url: str, group: str, topic: str, offset: int) -> None:
    """Commit as the stage's worker does."""
    (partition,) = [partition for partition, (low, high) in offsets(url, topic).items() if high > low]
    worker = Consumer({"bootstrap.servers": url, "group.id": group, "log_level": 0})
    worker.commit(offsets=[TopicPartition(topic, partition, offset)], asynchronous=False)
    worker.close()
