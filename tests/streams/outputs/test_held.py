"""Frames that a topic still holds are found by when they were captured, whatever the clocks say, within bounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from msgspec import structs

from functions.core.frame import Redaction
from streams.kafka import topics
from streams.kafka.compacted import NoTopic
from streams.kafka.topics import TopicPlan
from streams.outputs.held import BeyondBounds, Bounds, HeldFrames
from streams.settings import Settings
from streams.wire import records
from tests.bus import producer
from tests.streams.frames import frame

BEGAN = int(time.time()) - 1000
ENOUGH = Bounds(64 << 20, 30.0)
_numbers = iter(range(100))
Held = Callable[..., HeldFrames]


def at(seconds: float) -> int:
    """So many seconds after BEGAN, in µs since the epoch."""
    return round((BEGAN + seconds) * 1e6)


def fill(
    url: str, came_s: Callable[[int], float] = lambda seq: seq + 0.3, redacted: bool = True, live: bool = True
) -> str:
    """A topic with thirty frames of `door`, one a second, in four partitions beside those of others; its name."""
    name = f"HELD_{next(_numbers)}"
    topics.make(topics.admin(Settings(kafka_url=url)), [TopicPlan(name, 4, 1, {"cleanup.policy": "delete"})])
    client = producer(url, enable_idempotence=True)  # else those that are sent again come behind later ones
    for seq in range(30):
        for source in ("door", "yard", "gate", "hall"):
            made = replace(frame(seq, source, live, (64, 48)), captured_at=at(seq))
            done = replace(made, redaction=Redaction(("person",), "solid", 0.5) if redacted else None)
            value = records.encode(records.from_frame(done))
            client.produce(name, value, source, timestamp=round((BEGAN + came_s(seq)) * 1000))
    assert client.flush(30) == 0
    return name


def held(url: str, topic: str, source: str = "door", redacted: bool = True, bounds: Bounds = ENOUGH) -> HeldFrames:
    return HeldFrames(Settings(kafka_url=url), topic, source, redacted, bounds)


def first_seq(frames: HeldFrames, moment: int) -> int | None:
    first = next(frames.since(moment), None)
    return first and first.seq


@pytest.mark.parametrize("broker", ["kafka", "embedded"])
def test_a_moment_leads_to_the_first_frame_from_then_on_and_to_the_last_one_before(
    broker: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(broker)
    topic = fill(url)
    with held(url, topic) as frames:
        assert [first_seq(frames, at(moment)) for moment in (-500, 0, 6.5, 7, 29)] == [0, 0, 7, 7, 29]
        assert first_seq(frames, at(29.1)) is None
        befores = [frames.before(at(moment)) for moment in (0, 0.5, 7, 7.5, 500)]
        assert [before and before.seq for before in befores] == [None, 0, 6, 7, 29]
        assert [each.seq for each in frames.since(at(20))] == [*range(20, 30)]
        assert {each.source for each in frames.since(0)} == {"door"}


@pytest.mark.parametrize(
    ("came_s", "live"),
    [(lambda seq: seq + 40.0, True), (lambda seq: seq - 40.0, True), (lambda seq: seq / 10, False)],
    ids=["late", "ahead", "a file"],
)
def test_a_cameras_clock_may_differ_from_kafkas_and_a_file_may_go_faster(
    came_s: Callable[[int], float], live: bool, kafka: str
) -> None:
    with held(kafka, fill(kafka, came_s, live=live)) as frames:
        assert [first_seq(frames, at(moment)) for moment in (0, 6.5, 29)] == [0, 7, 29]
        assert [getattr(frames.before(at(moment)), "seq", None) for moment in (0, 7, 29)] == [None, 6, 28]


def test_of_a_redacted_topic_nothing_comes_that_no_redactor_has_seen(embedded: str) -> None:
    topic = fill(embedded, redacted=False)
    with held(embedded, topic) as frames:
        assert (first_seq(frames, 0), frames.before(at(20))) == (None, None)
    with held(embedded, topic, redacted=False) as frames:
        assert first_seq(frames, 0) == 0


def test_what_is_no_frame_of_the_source_is_left_out(embedded: str) -> None:
    topic = fill(embedded)
    client = producer(embedded)
    forged = structs.replace(records.from_frame(frame(99, "yard", size_wh=(64, 48))), captured_at=at(50))
    for value in (b"", None, b"nonsense", records.encode(forged)):
        client.produce(topic, value, "door", timestamp=(BEGAN + 50) * 1000)
    assert client.flush(30) == 0
    with held(embedded, topic) as frames:
        assert [each.seq for each in frames.since(0)] == [*range(30)]
    with held(embedded, topic, "nobody") as frames:
        assert first_seq(frames, 0) is None


def test_no_question_reads_more_or_longer_than_it_may(embedded: str) -> None:
    topic = fill(embedded)
    with held(embedded, topic, bounds=Bounds(4096, 30.0)) as frames, pytest.raises(BeyondBounds, match="got more"):
        list(frames.since(0))
    with held(embedded, topic, bounds=Bounds(64 << 20, 0.0)) as frames, pytest.raises(BeyondBounds, match="0 s of"):
        list(frames.since(0))


def test_a_topic_that_nobody_has_written_to_is_named(kafka: str) -> None:
    with pytest.raises(NoTopic, match="NOWHERE"):
        held(kafka, "NOWHERE")
