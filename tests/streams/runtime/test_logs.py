"""Log lines: one of a kind now and then, and JSON for machines."""

from __future__ import annotations

import io
import json
import logging
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.runtime.logs import JsonLines, Seldom, TextLines, escaped
from tests.bus import consume, produce
from tests.processes import IMAGEBUS, Process
from tests.streams import frames
from tests.streams.chains import FUNCTIONS, environment

REFUSING = """
from functions import Frame, function

@function
def refuse_all(frame: Frame) -> Frame:
    raise ValueError(f"I do not like {frame.source}")
"""


def test_a_kind_of_warning_is_written_once_and_later_with_how_many_were_left_out(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("streams.runtime.logs.time.monotonic", lambda: now)
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


def logged(formatter: logging.Formatter, text: str, error: Exception | None = None) -> str:
    """What a logger writes of this text, as its message's argument, and of this error."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    record = logging.LogRecord("web", logging.WARNING, "", 1, "%s: is silent", (text,), None)
    record.fields = {"source": text}
    if error:
        record.exc_info = (type(error), error, error.__traceback__)
    handler.handle(record)
    return stream.getvalue()


# Any text at all, and often the very characters that matter.
TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("\n\r\x1b\x7f\x85\x9b\u061c\u2028\u202e\u2066\ud800a")))
UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@given(TEXTS)
def test_whatever_a_stranger_calls_himself_is_one_line_of_text(text: str) -> None:
    line = logged(TextLines(), text)
    assert line.endswith(": is silent\n")
    assert not UNSAFE.search(line[:-1])


@given(TEXTS)
def test_whatever_a_stranger_calls_himself_is_one_line_of_json(text: str) -> None:
    line = logged(JsonLines(), text, ValueError(text))
    assert not UNSAFE.search(line[:-1])
    event = json.loads(line)
    assert (event["message"], event["source"]) == (f"{text}: is silent", text)


@given(TEXTS)
def test_no_line_of_a_traceback_looks_like_an_event(text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError as error:
        first, *rest = logged(TextLines(), "door", error).split("\n")[:-1]
    assert first.endswith("door: is silent")
    assert all(line.startswith("    ") and not UNSAFE.search(line) for line in rest)


def test_what_text_cannot_be_read_from_is_readable_still() -> None:
    assert escaped("door\n[fake] \x1b[2J \u202eevil é 門") == r"door\n[fake] \x1b[2J \u202eevil é 門"


@pytest.mark.parametrize("value", [float("nan"), {1j: 2}, {("a",): 2}, b"\xff", object])
def test_no_field_keeps_an_event_from_being_a_line_of_json(value: object) -> None:
    record = logging.LogRecord("a", logging.ERROR, "", 1, "line", (), None)
    record.fields = {"what": value}
    assert json.loads(JsonLines().format(record))["logger"] in ("a", "'a'")


@pytest.mark.parametrize("log", ["text", "json"])
def test_a_name_writes_no_line_of_its_own_into_a_workers_log(embedded: str, tmp_path: Path, log: str) -> None:
    (tmp_path / "refusing.py").write_text(REFUSING)
    env = environment(embedded, tmp_path, log=log, functions=f"{FUNCTIONS},refusing")
    env["PYTHONPATH"] += f":{tmp_path}"
    name = "door\n[2030-01-01 00:00:00,000] [1] [ERROR] a fake \x1b[2J"
    with Process([*IMAGEBUS, "stage", "refuse_all", "-n", "detect", "-i", "SOURCE_FRAME"], env) as process:
        process.wait_for_line("is ready")
        produce(embedded, "SOURCE_FRAME", name, frames.record(source=name))
        consume(embedded, "DEAD_DETECT", 1)
        process.wait_for_line("dead letter")
        assert process.terminate() == 0
    assert r"door\n[2030-01-01 00:00:00,000] [1] [ERROR] a fake" in process.text
    assert not [line for line in process.lines if line.startswith("[2030")]
    assert "\x1b[2J" not in process.text


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
