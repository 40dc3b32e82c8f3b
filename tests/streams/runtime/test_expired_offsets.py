"""Records that are deleted before a stage could read them: it goes on, and says how many it missed."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient  # type: ignore[attr-defined]

from tests.bus import consume, length, produce_all
from tests.processes import Process
from tests.streams import frames
from tests.streams.chains import environment, wait_ready, worker
from tests.wait import wait_until

SLOW = """
[stages.slow]
function = "burn"
input = "SOURCE_FRAME"
output = "OUT"
options = { milliseconds = 200 }
"""
FRAMES = 200


def delete(url: str, before: int) -> None:
    """As retention does."""
    client = AdminClient({"bootstrap.servers": url})
    for deleted in client.delete_records([TopicPartition("SOURCE_FRAME", 0, before)]).values():
        deleted.result()


def gap(process: Process, first: int) -> int:
    """How many records the stage says that it missed before this one."""
    process.wait_for_line(rf"Stage slow: \d+ records before SOURCE_FRAME@0/{first} expired unread", 40)
    return int(re.findall(rf"(\d+) records before SOURCE_FRAME@0/{first} expired", process.text)[0])


def test_records_that_are_deleted_under_a_partition_that_rests(empty_kafka: str, tmp_path: Path) -> None:
    url = empty_kafka
    with worker(environment(url, tmp_path, SLOW, partitions=1, threads=1, window=4), "slow") as process:
        wait_ready(process, "slow")
        produce_all(url, "SOURCE_FRAME", [("cam", frames.noise(seq)) for seq in range(FRAMES)])
        wait_until(lambda: length(url, "OUT") >= 3, 30, "the first results")
        delete(url, FRAMES - 10)
        done = frames.seqs(consume(url, "OUT", lambda read: frames.seqs(read)[-1:] == [FRAMES - 1], 60))

        missed = gap(process, FRAMES - 10)
        assert done == [*range(FRAMES - 10 - missed), *range(FRAMES - 10, FRAMES)]
        produce_all(url, "SOURCE_FRAME", frames.pairs(range(FRAMES, FRAMES + 2)))
        assert frames.seqs(consume(url, "OUT", len(done) + 2))[-1] == FRAMES + 1
        assert process.terminate() == 0


@pytest.mark.parametrize("left", [0, 5])
def test_a_stage_that_was_away_for_longer_than_its_topic_keeps_records(
    empty_kafka: str, tmp_path: Path, left: int
) -> None:
    """What it had committed is no offset any more, where nothing is left as well."""
    url = empty_kafka
    env = environment(url, tmp_path, SLOW, partitions=1)
    with worker(env, "slow") as process:
        wait_ready(process, "slow")
        produce_all(url, "SOURCE_FRAME", frames.pairs(range(3)))
        consume(url, "OUT", 3)
        assert process.terminate() == 0
    produce_all(url, "SOURCE_FRAME", frames.pairs(range(3, 50)))
    delete(url, 50 - left)

    with worker(env, "slow") as process:
        wait_ready(process, "slow")
        produce_all(url, "SOURCE_FRAME", frames.pairs(range(50, 53)))
        assert gap(process, 50 - left) == 47 - left
        assert frames.seqs(consume(url, "OUT", 6 + left)) == [*range(3), *range(50 - left, 53)]


def test_a_stage_whose_process_stood_still_for_longer_than_its_topic_keeps_records(
    empty_kafka: str, tmp_path: Path
) -> None:
    """By Kafka's own retention, while the worker is stopped: longer than its session, so that it joins anew."""
    url = empty_kafka
    chain = SLOW + "\n[topics.SOURCE_FRAME]\nretention_s = 2\n"
    with worker(environment(url, tmp_path, chain, partitions=1), "slow") as process:
        wait_ready(process, "slow")
        produce_all(url, "SOURCE_FRAME", frames.pairs(range(3)))
        consume(url, "OUT", 3)
        process.send(signal.SIGSTOP)
        produce_all(url, "SOURCE_FRAME", frames.pairs(range(3, 50)))
        wait_until(lambda: not length(url, "SOURCE_FRAME"), 60, "the end of their time")
        process.send(signal.SIGCONT)
        produce_all(url, "SOURCE_FRAME", frames.pairs(range(50, 53)))
        assert frames.seqs(consume(url, "OUT", 6, 60)) == [*range(3), *range(50, 53)]
        assert gap(process, 50) == 47
