"""A chain longer than the one that ships, and one stage of it with other options."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bus import consume, produce_all
from tests.streams import frames
from tests.streams.chains import environment, wait_ready, worker

CHAIN = """
[stages.find]
function = "detect_stub"
input = ["LANE_A", "LANE_B"]
output = "FOUND"

[stages.slow]
function = "burn"
input = "FOUND"
output = "SLOWED"
options = { milliseconds = 1 }

[stages.slow-again]
function = "burn"
input = "SLOWED"
output = "SLOWED_AGAIN"
options = { milliseconds = 2 }

[stages.boxes]
function = "annotate"
input = "SLOWED_AGAIN"
output = "WITH_BOXES"

[stages.hide]
function = "redact"
input = "SLOWED_AGAIN"
output = "WITHOUT_PEOPLE"

[topics.LANE_A]
[topics.LANE_B]
[topics.WITHOUT_PEOPLE]
redacted = true
"""
STAGES = ("find", "slow", "slow-again", "boxes", "hide")
SOURCES = {"a1": "LANE_A", "a2": "LANE_A", "b1": "LANE_B", "b2": "LANE_B"}


@pytest.fixture
def env(kafka: str, tmp_path: Path) -> dict[str, str]:
    return environment(kafka, tmp_path, CHAIN, partitions=4)


def send(url: str, seqs: range) -> None:
    for source, topic in SOURCES.items():
        produce_all(url, topic, frames.pairs(seqs, source))


def test_four_sources_three_filters_and_two_outputs_and_one_stage_takes_other_options_alone(
    env: dict[str, str], tmp_path: Path
) -> None:
    url = env["KAFKA_URL"]
    others = [name for name in STAGES if name != "slow"]
    with worker(env, *others) as rest, worker(env, "slow") as slow:
        wait_ready(rest, *others)
        wait_ready(slow, "slow")
        send(url, range(5))
        for topic in ("WITH_BOXES", "WITHOUT_PEOPLE"):
            assert milliseconds_of(url, topic, 5) == {1.0}
        assert slow.terminate() == 0

        env = environment(url, tmp_path, CHAIN.replace("milliseconds = 1", "milliseconds = 3"), partitions=4)
        send(url, range(5, 10))
        with worker(env, "slow") as changed:
            wait_ready(changed, "slow")
            for topic in ("WITH_BOXES", "WITHOUT_PEOPLE"):
                assert milliseconds_of(url, topic, 10) == {1.0, 3.0}
        assert rest.exit_code is None


def milliseconds_of(url: str, topic: str, each: int) -> set[object]:
    """What the first of the two equal filters was told, once so many frames of every source are there, in order."""
    messages = consume(url, topic, each * len(SOURCES), 60)
    for source in SOURCES:
        assert frames.seqs(messages, source) == list(range(each))
    records = frames.read(messages)
    assert all([hop.stage for hop in record.hops[:3]] == ["find", "slow", "slow-again"] for record in records)
    assert all(record.hops[2].options["milliseconds"] == 2 for record in records)
    return {record.hops[1].options["milliseconds"] for record in records}
