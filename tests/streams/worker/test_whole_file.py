"""A whole video file through the default chain on real Kafka: every frame arrives, whatever ends in the middle."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bus import consume, length
from tests.kafka_node import KafkaNode
from tests.processes import IMAGEBUS, Process
from tests.streams import frames
from tests.streams.chains import STUB_CHAIN, environment, worker
from tests.wait import wait_until

# Every frame of the clip, and fewer where they prove the same; half is more than a producer may be ahead, too.
ALL, HALF, SOME = range(795), range(0, 795, 2), range(0, 795, 8)
SMALL = ("--max-size", "320x240")  # where frames are lost or not, whatever they show
PEOPLE_CHAIN = STUB_CHAIN.replace("detect_stub", "detect_people")


def produce(env: Mapping[str, str], clip: Path, seqs: range, *options: str) -> Process:
    """These frames of the clip to SOURCE_FRAME."""
    return Process([*IMAGEBUS, "produce", clip, "-f", str(seqs.step), "-n", "street", *options], env)


def frame_ids(url: str, topic: str, seqs: range, timeout_s: float) -> list[str]:
    """The ids on a topic, in order, once as many different ones are there."""
    wanted = len(seqs)
    messages = consume(url, topic, lambda read: len(read) >= wanted and _different(read) >= wanted, timeout_s)
    assert {message.key() for message in messages} == {b"street"}
    return [record.id for record in frames.read(messages)]


def assert_once_in_order(ids: list[str], seqs: range) -> None:
    run = ids[0].partition("-")[0]
    assert ids == [f"{run}-{seq}" for seq in seqs]


def _different(messages: list) -> int:  # type: ignore[type-arg]
    return len({record.id for record in frames.read(messages)})


def test_every_frame_reaches_the_redacted_topic_once_in_order(empty_kafka: str, tmp_path: Path, clip: Path) -> None:
    env = environment(empty_kafka, tmp_path, PEOPLE_CHAIN)
    with worker(env) as process, produce(env, clip, SOME) as producer:
        ids = frame_ids(empty_kafka, "REDACTION_FRAME", SOME, timeout_s=240)
        assert producer.wait() == 0
        assert process.exit_code is None
    assert_once_in_order(ids, SOME)


def test_so_it_does_of_a_file_three_times_as_long_as_the_topics_retain(
    empty_kafka: str, tmp_path: Path, clip: Path
) -> None:
    # A topic is cut by whole segments of 8 MiB; the clip is about 70 MB as JPEGs.
    env = environment(empty_kafka, tmp_path, retention_bytes=16 * 1024 * 1024)
    with worker(env) as process, produce(env, clip, ALL, "--lead", "50") as producer:
        ids = frame_ids(empty_kafka, "REDACTION_FRAME", ALL, timeout_s=240)
        assert producer.wait() == 0
        assert process.exit_code is None
    assert_once_in_order(ids, ALL)
    # All were read before they expired: by now most have.
    assert length(empty_kafka, "SOURCE_FRAME") < len(ALL) / 2


def test_no_frame_is_missing_when_the_worker_is_killed_in_the_middle(
    empty_kafka: str, tmp_path: Path, clip: Path
) -> None:
    env = environment(empty_kafka, tmp_path)
    with produce(env, clip, HALF, *SMALL) as producer:
        with worker(env) as process:
            wait_until(lambda: length(empty_kafka, "REDACTION_FRAME") > 100, 60, "100 frames redacted")
            process.kill()
        with worker(env):
            ids = frame_ids(empty_kafka, "REDACTION_FRAME", HALF, timeout_s=120)
            assert producer.wait() == 0
    assert_once_in_order(frames.first_seen(ids), HALF)


def test_no_frame_is_missing_when_the_broker_is_away_for_ten_seconds(
    kafka_node: Callable[..., KafkaNode], tmp_path: Path, clip: Path
) -> None:
    node = kafka_node()
    env = environment(node.url, tmp_path)
    with worker(env) as process, produce(env, clip, HALF, "--lead", "50", *SMALL) as producer:
        wait_until(lambda: length(node.url, "REDACTION_FRAME") > 100, 60, "100 frames redacted")
        # Some brokers take so long to shut down that all frames would be there before.
        producer.send(signal.SIGSTOP)
        node.stop()
        producer.send(signal.SIGCONT)
        producer.wait_for_line("waiting", timeout_s=30)
        time.sleep(10)  # the outage itself
        node.start()
        ids = frame_ids(node.url, "REDACTION_FRAME", HALF, timeout_s=120)
        assert producer.wait() == 0
        assert process.exit_code is None
    assert_once_in_order(frames.first_seen(ids), HALF)
