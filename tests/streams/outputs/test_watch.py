"""`imagebus watch`: what comes on a topic, as text or JSON, without pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from functions.core.frame import Detection
from streams.cli import imagebus
from streams.kafka.topics import BusError
from streams.wire import counts, records
from streams.wire.cameras import CAMERAS, CameraState
from streams.wire.counts import COUNTS, Counted
from tests.bus import produce
from tests.processes import IMAGEBUS, Process
from tests.streams.frames import frame, record

LAST = "the last one"


@contextmanager
def _watching(url: str, *arguments: str) -> Iterator[Process]:
    with Process([*IMAGEBUS, "watch", *arguments], {"KAFKA_URL": url}) as process:
        process.wait_for_line(r"Watching \w+ \(Ctrl-C ends\)")
        yield process


def _told(process: Process, last: str = LAST) -> list[str]:
    """What it printed of the records, up to the last one."""
    process.wait_for_line(last)
    assert process.terminate() == 0
    return [line for line in process.lines if not line.startswith("Watching ")]


def _found(seq: int, *labels: str, source: str = "cam") -> bytes:
    found = tuple(Detection(label, 0.875, (1.0, 2.0, 30.0, 40.0)) for label in labels)
    return records.encode(records.from_frame(frame(seq, source).with_detections(found)))


def test_frames_are_told_as_they_come_without_their_pictures(embedded: str) -> None:
    produce(embedded, "IMAGEAI_FRAME", "cam", _found(0, "person"))  # before anybody watched
    with _watching(embedded, "IMAGEAI_FRAME") as process:
        produce(embedded, "IMAGEAI_FRAME", "cam", _found(30, "person", "dog"))
        produce(embedded, "IMAGEAI_FRAME", "cam", b"\xc1nothing")
        produce(embedded, "IMAGEAI_FRAME", "cam", _found(60), headers={"reason": LAST, "redriven": "2"})
        first, bad, last = _told(process)
    assert first[12:] == "  cam  0123456789ab-30  768x576, 7 KiB  person 0.88, dog 0.88"
    assert "  cam  cannot be read: Expected one msgpack map, got 8 bytes that are not" in bad
    assert last.endswith("  0123456789ab-60  768x576, 7 KiB  nothing found  reason: the last one  redriven: 2")


def test_as_json_a_line_is_an_object_with_everything_but_the_picture(embedded: str) -> None:
    produce(embedded, "SOURCE_FRAME", "cam", record(0))
    with _watching(embedded, "SOURCE_FRAME", "--json") as process:
        produce(embedded, "SOURCE_FRAME", "cam", record(30))
        produce(embedded, "SOURCE_FRAME", "cam", b"\xc1", headers={"reason": LAST})
        told, bad = map(json.loads, _told(process))
    sent = records.decode(record(30))
    assert told["record"]["jpeg_bytes"] == len(sent.jpeg)
    assert (told["topic"], told["offset"], told["record"]["id"]) == ("SOURCE_FRAME", 1, "0123456789ab-30")
    assert "jpeg" not in told["record"]
    assert bad["headers"] == {"reason": LAST}
    assert bad["error"].startswith("Expected one msgpack map")


def test_sources_and_labels_choose_what_is_told(embedded: str) -> None:
    produce(embedded, "IMAGEAI_FRAME", "yard", _found(0, source="yard"))
    with _watching(embedded, "IMAGEAI_FRAME", "--source", "yard", "--source", "gate", "--label", "dog") as process:
        produce(embedded, "IMAGEAI_FRAME", "yard", _found(30, "person", source="yard"))
        produce(embedded, "IMAGEAI_FRAME", "door", _found(60, "dog", source="door"))
        produce(embedded, "IMAGEAI_FRAME", "yard", _found(90, "person", "dog", source="yard"))
        produce(embedded, "IMAGEAI_FRAME", "gate", _found(120, "dog", source="gate"))
        process.wait_for_line("0123456789ab-120 ")  # of another partition, so perhaps the first
        assert {line.split("  ")[2] for line in _told(process, "-90 ")} == {"0123456789ab-90", "0123456789ab-120"}


def test_numbers_and_states_are_told_too(embedded: str) -> None:
    count = Counted(
        window="day",
        starts_at=0,
        ends_at=None,
        source="cam",
        visitors=7,
        unique=5,
        updated_at=1,
        restarted_at=None,
    )
    produce(embedded, COUNTS, "cam", b"\xc1")
    with _watching(embedded, COUNTS) as process:
        produce(embedded, COUNTS, "cam", counts.encode(count))
        (line,) = _told(process, "visitors")
    assert line[12:] == "  window=day  starts_at=0  source=cam  visitors=7  unique=5  updated_at=1"
    produce(embedded, CAMERAS, "cam", None)
    with _watching(embedded, CAMERAS) as process:
        produce(embedded, CAMERAS, "cam", counts.encode(_state("the cable \x1b[2J is \u202eout")))
        produce(embedded, CAMERAS, "cam", None)
        state, removed = _told(process, "removed")
    # Strangers' text does nothing to a terminal.
    assert state.endswith("  last_error=the cable ?[2J is ?out")
    assert removed[12:] == "  cam  removed"


def _state(error: str) -> CameraState:
    return CameraState(
        source="cam",
        run="0123456789ab",
        topic="SOURCE_FRAME",
        state="lost",
        since=1,
        started_at=1,
        updated_at=1,
        last_error=error,
    )


def test_a_topic_that_is_not_there_is_said_and_not_made(embedded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    produce(embedded, "REDACTION_FRAME", "cam", record())
    monkeypatch.setenv("KAFKA_URL", embedded)
    for _ in range(2):
        with pytest.raises(BusError, match="Topic REDACTED_FRAME: expected one of REDACTION_FRAME; did you mean R"):
            CliRunner().invoke(imagebus, ["watch", "REDACTED_FRAME"], catch_exceptions=False)
