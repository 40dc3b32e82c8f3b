"""A worker that is killed and started again shows nobody whom it had not shown otherwise."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from functions import Frame
from functions.motion.background import LEARNING, STARTING
from streams.wire.records import Record
from tests.bus import consume, length
from tests.streams import frames
from tests.streams.chains import environment, worker
from tests.streams.worker.test_whole_file import ALL, PEOPLE_CHAIN, produce
from tests.wait import wait_until

BEFORE, AFTER = 40, 60
NEARLY_BLACK = 16  # what JPEG makes of black beside other things


def true_boxes(path: Path) -> dict[int, list[tuple[slice, slice]]]:
    """The pixels of everybody in a frame, by the frame's number from 0."""
    people = defaultdict(list)
    with path.open() as file:
        for row in csv.DictReader(file):
            left, top, width, height = (float(row[name]) for name in ("left", "top", "width", "height"))
            rows = slice(max(0, round(top)), max(0, round(top + height)))
            people[int(row["frame"]) - 1].append((rows, slice(max(0, round(left)), max(0, round(left + width)))))
    return people


def exposed(records: Iterable[Record], people: dict[int, list[tuple[slice, slice]]]) -> list[tuple[int, int]]:
    """Frame and person of everybody less than half covered."""
    found = []
    for record in records:
        covered = Frame.from_jpeg(record.jpeg).image.max(axis=2) <= NEARLY_BLACK
        parts = [covered[box] for box in people[record.seq]]
        found += [(record.seq, who) for who, part in enumerate(parts) if part.size and part.mean() < 0.5]
    return found


def test_nobody_is_exposed_around_a_restart(empty_kafka: str, tmp_path: Path, clip: Path, data: Path) -> None:
    url = empty_kafka
    env = environment(url, tmp_path, PEOPLE_CHAIN)
    with produce(env, clip, ALL):
        with worker(env) as process:
            wait_until(lambda: length(url, "REDACTION_FRAME") > BEFORE, 120, f"{BEFORE} frames redacted")
            process.kill()
        killed_at = length(url, "REDACTION_FRAME")
        with worker(env):
            records = frames.read(consume(url, "REDACTION_FRAME", killed_at + AFTER, 120))

    people = true_boxes(data / "vtest-truth.csv")
    assert len(exposed(frames.read(consume(url, "SOURCE_FRAME", AFTER)), people)) > AFTER  # it sees who is not covered
    assert exposed(records, people) == []
    assert [record.redaction.doubt for record in records[killed_at:] if record.redaction].count(STARTING) >= LEARNING
