"""Log lines: one of a kind now and then, and JSON for machines."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from streams.logs import JsonLines, Seldom
from tests.bus import consume, produce
from tests.processes import IMAGEBUS, Process
from tests.streams import frames
from tests.streams.chains import environment


def test_a_kind_of_warning_is_written_once_and_later_with_how_many_were_left_out(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("streams.logs.time.monotonic", lambda: now)
    seldom = Seldom(logging.getLogger("test"), period_s=10)
    for size in range(42):
        seldom.warning(f"Expected 5 bytes, got {size}", f"no {size}", {"stage": "a"})
    seldom.warning("Expected a map", "no map", {})
    now = 110.0
    seldom.warning("Expected 5 bytes, got 7", "no 7", {"stage": "a"})
    assert caplog.messages == ["no 0", "no map", "no 7 (and 41 more like it)"]
    assert caplog.records[-1].fields == {"stage": "a", "left_out": 41}  # type: ignore[attr-defined]


def test_whoever_makes_up_ever_new_kinds_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    seldom = Seldom(logging.getLogger("test"))
    for at in range(5000):
        seldom.warning("x" * at, "made up", {})
    assert len(caplog.messages) < 150


def test_a_line_of_json_holds_the_event_and_its_exception() -> None:
    try:
        raise ValueError("no\nsuch thing")
    except ValueError as error:
        record = logging.LogRecord("a", logging.ERROR, "", 1, "line %d\nand more", (1,), (type(error), error, None))
    record.fields = {"stage": "detect"}
    line = JsonLines().format(record)
    assert "\n" not in line
    event = json.loads(line)
    assert (event["level"], event["message"], event["stage"]) == ("ERROR", "line 1\nand more", "detect")
    assert event["exception"] == "ValueError: no\nsuch thing"


def test_a_worker_and_a_producer_write_nothing_but_json_when_told_to(embedded: str, tmp_path: Path) -> None:
    env = environment(embedded, tmp_path, log="json")
    with Process([*IMAGEBUS, "stage", "detect_stub", "-n", "detect"], env) as process:
        process.wait_for_line("is ready")
        produce(embedded, "SOURCE_FRAME", "cam", b"junk")
        consume(embedded, "DEAD_DETECT", 1)
        process.wait_for_line("dead letter")
        assert process.terminate() == 0
        events = [json.loads(line) for line in process.lines]
    ready, dead = (next(e for e in events if text in e["message"]) for text in ("is ready", "dead letter"))
    assert (ready["level"], ready["stage"]) == ("INFO", "detect")
    assert (dead["level"], dead["topic"], dead["offset"]) == ("WARNING", "SOURCE_FRAME", 0)
    assert dead["reason"] == "Expected `object`, got `int` - at `$`"

    picture = tmp_path / "pictures" / "a.jpg"
    picture.parent.mkdir()
    picture.write_bytes(frames.frame().jpeg)
    with Process([*IMAGEBUS, "produce", str(picture.parent), "-n", "folder"], env) as process:
        assert process.wait() == 0
        events = [json.loads(line) for line in process.lines]
    assert [(event["source"], event["message"]) for event in events] == [("folder", "folder: 1 frames on the bus")]
