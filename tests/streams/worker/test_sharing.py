"""Workers on one host share a stage's work, over their coming and going, and lose nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bus import consume
from tests.streams import frames
from tests.streams.chains import environment, wait_ready, worker
from tests.streams.feeder import Feeder
from tests.wait import wait_until

SOURCES = [f"cam{n}" for n in range(8)]


@pytest.fixture
def env(empty_kafka: str, tmp_path: Path) -> dict[str, str]:
    """The stub chain on a broker of no other topics."""
    return environment(empty_kafka, tmp_path, partitions=8)


def nothing_missing_and_in_order(url: str, topic: str, written: int) -> None:
    """Every frame of every source is on the topic, and first deliveries are in order."""
    wanted = list(range(written))

    def complete(messages: list) -> bool:  # type: ignore[type-arg]
        return len({(m.key(), m.value()[:64]) for m in messages}) >= written * len(SOURCES) and all(
            set(frames.seqs(messages, source)) >= set(wanted) for source in SOURCES
        )

    messages = consume(url, topic, complete, timeout_s=60)
    for source in SOURCES:
        assert frames.first_seen(frames.seqs(messages, source)) == wanted, source


def stages_of(url: str, topic: str) -> int:
    return len(consume(url, topic, 1))


def test_two_plain_workers_share_eight_sources_while_one_stops_and_is_killed(env: dict[str, str]) -> None:
    url = env["KAFKA_URL"]
    with worker(env) as first, worker(env) as second:
        wait_ready(first)
        wait_ready(second)
        with Feeder(url, SOURCES, rate=5) as feeder:
            wait_until(lambda: feeder.written >= 10, 30, "10 frames of each source")
            assert first.terminate() == 0
            wait_until(lambda: feeder.written >= 25, 30, "25 frames of each source")
            with worker(env) as third:
                wait_ready(third)
                wait_until(lambda: feeder.written >= 45, 30, "45 frames of each source")
                second.kill()
                wait_until(lambda: feeder.written >= 55, 30, "55 frames of each source")
                feeder.end()
                nothing_missing_and_in_order(url, "REDACTION_FRAME", feeder.written)
                nothing_missing_and_in_order(url, "ANNOTATED_FRAME", feeder.written)


def test_a_worker_of_one_stage_takes_part_of_that_stage_from_a_worker_of_all(env: dict[str, str]) -> None:
    url = env["KAFKA_URL"]
    with worker(env) as whole, worker(env, "redact") as redactor:
        wait_ready(whole)
        wait_ready(redactor, "redact")
        with Feeder(url, SOURCES, rate=5) as feeder:
            wait_until(lambda: feeder.written >= 15, 30, "15 frames of each source")
            assert redactor.terminate() == 0
            wait_until(lambda: feeder.written >= 30, 30, "30 frames of each source")
            with worker(env, "redact") as again:
                wait_ready(again, "redact")
                again.kill()
                wait_until(lambda: feeder.written >= 40, 30, "40 frames of each source")
                feeder.end()
                nothing_missing_and_in_order(url, "REDACTION_FRAME", feeder.written)
