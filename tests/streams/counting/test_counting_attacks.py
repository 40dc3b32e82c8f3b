"""Records that would break counts, and cameras that come and go: what does not belong is a dead letter or forgotten."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient  # type: ignore[attr-defined]
from msgspec import structs

from functions import Frame
from functions.counting.windows import LATEST
from streams.kafka.counting_topics import CAMERAS, changelog_of
from streams.wire import counts
from streams.wire.counts import VISITS, WireVisit, decode
from tests.bus import consume, length, produce, produce_all
from tests.processes import Process
from tests.streams import walkers
from tests.streams.chains import environment, worker
from tests.streams.counted import newest, wait_counted
from tests.streams.counting.test_counting import CHAIN, ready
from tests.streams.walkers import Walker

TOPIC = "IMAGEAI_FRAME"
CHANGELOG = changelog_of(f"imagebus.{TOPIC}.count.{VISITS}", CAMERAS)
BEYOND = 2**63 - 1
FLOOD = 600  # newcomers have 256 places


@pytest.fixture
def url(empty_kafka: str) -> str:
    return empty_kafka


@pytest.fixture
def counting(url: str, tmp_path: Path) -> Iterator[Process]:
    with worker(environment(url, tmp_path, CHAIN, partitions=2, sources=128), "count") as process:
        ready(process)
        yield process


def walk(source: str, run: str = "0123456789ab", seconds: float = 4, y: float = 200) -> list[Frame]:
    """Somebody walks by."""
    return list(walkers.frames([Walker(0, y)], seconds, source, run=run))


def reasons(url: str, number: int) -> set[str]:
    return {dict(message.headers())["reason"].decode() for message in consume(url, "DEAD_COUNT", number)}


def test_what_is_beyond_the_calendar_or_under_another_key_is_a_dead_letter_and_counts_go_on(
    url: str, counting: Process
) -> None:
    late = walk("left", "late")
    beyond = [replace(each, captured_at=BEYOND - each.seq) for each in late[:3]]
    produce_all(url, TOPIC, walkers.pairs(beyond))
    produce_all(url, TOPIC, [("left", value) for _, value in walkers.pairs(walk("right"))[:2]])
    visit = WireVisit(id=1, source="a", first_at=LATEST, last_at=LATEST, path=[], same_as=None, restarted_at=None)
    for name in ("first_at", "last_at", "restarted_at"):
        produce(url, VISITS, "1/1", counts.encode(structs.replace(visit, **{name: BEYOND})))
    produce_all(url, TOPIC, walkers.pairs(walk("left")))

    assert newest(wait_counted(url, {("left", 1, 1), (None, 1, 1)})) == {("left", 1, 1), (None, 1, 1)}
    said = " ".join(sorted(reasons(url, 8)))
    assert "Expected a time with an hour and a day" in said
    assert "Expected the message key 'right' (its source), got 'left'" in said
    assert "at `$.restarted_at`" in said
    assert length(url, "DEAD_COUNT") == 8
    assert "Counts cannot be told" not in counting.text
    assert counting.text.count("Stage count-book: is ready") == 1


def test_two_producers_of_one_name_count_as_many_as_each_alone(url: str, counting: Process) -> None:
    both = zip(walk("left", "aaaaaaaaaaaa", 8), walk("left", "bbbbbbbbbbbb", 8), strict=True)
    produce_all(url, TOPIC, walkers.pairs(itertools.chain(*both)))
    last = walk("right")
    produce_all(url, TOPIC, walkers.pairs(last))
    wait_counted(url, {("left", 2, 2), ("right", 1, 1), (None, 3, 3)})


def test_cameras_that_are_forgotten_tell_their_visits_and_leave_the_table(url: str, counting: Process) -> None:
    visits = {f"flood {n}": walk(f"flood {n}", seconds=0.8) for n in range(FLOOD)}
    for frames in visits.values():
        produce_all(url, TOPIC, walkers.pairs(frames))
    wanted = {name: frames[-1].captured_at for name, frames in visits.items()}

    def told() -> dict[str, int]:
        messages = [decode(message.value(), WireVisit) for message in consume(url, VISITS, length(url, VISITS))]
        return {each.source: each.last_at for each in messages}

    rows: dict[bytes, bytes | None] = {}
    for message in consume(url, CHANGELOG, lambda read: sum(each.value() is None for each in read) >= FLOOD - 256, 60):
        rows[message.key()] = message.value()
    gone = told()
    assert sum(value is not None for value in rows.values()) <= 256
    assert sum(gone[name] == wanted[name] for name in gone) >= FLOOD - 256
    counting.wait_for_line("Counting: forgets camera flood 0, for want of places")


def test_frames_deleted_unread_are_counted_and_told(url: str, tmp_path: Path) -> None:
    env = environment(url, tmp_path, CHAIN, partitions=1)
    with worker(env, "count") as process:
        ready(process)
        produce_all(url, TOPIC, walkers.pairs(walk("left")[:10]))
        consume(url, CHANGELOG, 10)
        assert process.terminate() == 0
    produce_all(url, TOPIC, walkers.pairs(walk("left")[10:]))
    client = AdminClient({"bootstrap.servers": url})
    for deleted in client.delete_records([TopicPartition(TOPIC, 0, 15)]).values():
        deleted.result()
    with worker(env, "count") as process:
        process.wait_for_line(f"Counting: 5 records before {TOPIC}@0/15 expired unread")
