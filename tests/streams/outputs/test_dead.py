"""`imagebus dead`: dead letters listed, shown and redriven, to nowhere but an input of their stage."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from functions.core.errors import UsageError
from streams.cli import imagebus
from streams.wire import records
from tests.bus import consume, length, offsets, produce, produce_all
from tests.streams.chains import STUB_CHAIN, environment, wait_ready, worker
from tests.streams.frames import noise, pairs, record, seqs

CHAIN = f"""{STUB_CHAIN}
[stages.track]
function = "track"
input = "REDACTION_FRAME"
output = "TRACKED_FRAME"

[stages.both]
function = "annotate"
input = ["REDACTION_FRAME", "YARD_FRAME", "GATE_FRAME"]
output = "BOTH_FRAME"

[topics.YARD_FRAME]
[topics.GATE_FRAME]
[topics.DEAD_REDACT]
retention_s = 86400
[counts]
input = "IMAGEAI_FRAME"
"""
Dead = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def dead(embedded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dead:
    """Runs `imagebus dead` with these arguments; its exit code and lines."""
    for name, value in environment(embedded, tmp_path, CHAIN).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, list[str]]:
        result = CliRunner().invoke(imagebus, ["dead", *arguments], catch_exceptions=False)
        return result.exit_code, result.output.splitlines()

    return run


def _die(url: str, seq: int, topic: str = "IMAGEAI_FRAME", stage: str = "redact", **headers: str) -> None:
    said = {"reason": "ValueError: too dark", "stage": stage, "topic": topic, "partition": "0", "offset": "1"}
    produce(url, f"DEAD_{stage.upper()}", "cam", record(seq), {**said, **headers})


def _marks(url: str, topic: str, count: int) -> list[tuple[int, dict[str, str]]]:
    """The frame number and the headers of all messages of a topic."""
    messages = consume(url, topic, count)
    assert length(url, topic) == count
    told = [{name: value.decode() for name, value in message.headers() or ()} for message in messages]  # type: ignore[union-attr]
    return sorted(zip(seqs(messages), told, strict=True), key=lambda each: each[0])


def test_they_are_listed_by_reason_the_most_frequent_first(dead: Dead, embedded: str) -> None:
    produce(embedded, "DEAD_REDACT", "cam", b"\xc1", {"reason": "Expected one msgpack map\x1b[2J"})
    for seq in range(3):
        _die(embedded, seq)
    code, lines = dead("redact")
    assert code == 0
    assert lines[0] == "DEAD_REDACT: 4 dead letters"
    assert lines[1].startswith("      3  ValueError: too dark  (newest ")
    assert lines[2].startswith("      1  Expected one msgpack map?[2J  (newest ")
    _, narrowed = dead("redact", "--reason", "dark", "--source", "cam")
    assert narrowed[0] == "DEAD_REDACT: 3 dead letters"
    assert dead("redact", "--source", "door")[1] == ["DEAD_REDACT: 0 dead letters"]
    assert dead("redact", "--since", "-1h")[1] == lines
    assert dead("redact", "--since", "2100-01-01")[1] == ["DEAD_REDACT: 0 dead letters"]
    stages = ["DETECT", "ANNOTATE", "REDACT", "TRACK", "BOTH", "COUNT"]
    assert [line.split(":")[0] for line in dead()[1] if line.startswith("DEAD")] == [f"DEAD_{name}" for name in stages]


def test_what_expired_is_told(dead: Dead, embedded: str) -> None:
    large = noise(0)
    while not (gone := sum(first for first, _ in offsets(embedded, "DEAD_REDACT").values())):
        produce_all(embedded, "DEAD_REDACT", [("cam", large)] * 4)
    left = length(embedded, "DEAD_REDACT")
    assert dead("redact")[1][0] == f"DEAD_REDACT: {left} dead letters, {gone} older ones expired"


def test_one_is_shown_without_its_picture_unless_that_is_asked_for(dead: Dead, embedded: str, tmp_path: Path) -> None:
    _die(embedded, 30)
    ((partition, (first, _)),) = [each for each in offsets(embedded, "DEAD_REDACT").items() if each[1][1]]
    code, (line,) = dead("redact", "--at", f"{partition}/{first}")
    shown = json.loads(line)
    assert (code, shown["headers"]["reason"], shown["record"]["id"]) == (0, "ValueError: too dark", "0123456789ab-30")
    assert "jpeg" not in shown["record"]
    dead("redact", "--at", f"{partition}/{first}", "--picture", str(tmp_path / "one.jpg"))
    assert (tmp_path / "one.jpg").read_bytes() == records.decode(record(30)).jpeg
    with pytest.raises(UsageError, match="--at 0/77: expected PARTITION/OFFSET of a dead letter, as the list shows"):
        dead("redact", "--at", "0/77")


def test_some_are_redriven_to_the_stages_input_with_their_mark(dead: Dead, embedded: str) -> None:
    _die(embedded, 0)
    _die(embedded, 30, reason="KeyError: 'a'")
    code, lines = dead("redact", "--reason", "dark", "--redrive")
    assert (code, lines[-1]) == (0, "      1  redriven to IMAGEAI_FRAME")
    assert _marks(embedded, "IMAGEAI_FRAME", 1) == [(0, {"redriven": "1"})]
    assert length(embedded, "DEAD_REDACT") == 2


def test_no_header_sends_one_anywhere_else(dead: Dead, embedded: str) -> None:
    for seq, forged in enumerate(("REDACTION_FRAME", "OTHER", "../x", "")):
        _die(embedded, seq, topic=forged, stage="detect")
        _die(embedded, seq, topic=forged, stage="both")
    assert dead("detect", "--redrive")[1][-1] == "      4  redriven to SOURCE_FRAME"
    # Of several inputs one that is not redacted, although a header names the one that is.
    assert dead("both", "--redrive")[1][-1] == "      4  redriven to YARD_FRAME"
    for topic in ("SOURCE_FRAME", "YARD_FRAME"):
        assert _marks(embedded, topic, 4) == [(seq, {"redriven": "1"}) for seq in range(4)]


def test_of_several_inputs_it_is_the_one_where_the_record_was_read(dead: Dead, embedded: str) -> None:
    _die(embedded, 30, topic="GATE_FRAME", stage="both")
    assert dead("both", "--redrive")[1][-1] == "      1  redriven to GATE_FRAME"


@pytest.mark.parametrize(
    ("stage", "why"),
    [
        ("track", "Stage track: expected an input that is not redacted, since dead letters are raw, got REDACTION_FR"),
        ("count", "Stage count: expected a stage of functions, since counting leaves out what was redriven"),
        ("redakt", "Stage redakt: expected one of detect, .*; did you mean redact?"),
        ("", "--at, --picture and --redrive: expected a STAGE with them, got none"),
    ],
)
def test_redriving_is_refused(dead: Dead, embedded: str, stage: str, why: str) -> None:
    _die(embedded, 0, stage="track")
    with pytest.raises(UsageError, match=why):
        dead(stage, "--redrive")


def test_the_fourth_time_is_refused_and_so_is_a_mark_that_says_no_number(dead: Dead, embedded: str) -> None:
    _die(embedded, 0, redriven="2")
    _die(embedded, 30, redriven="3")
    _die(embedded, 60, redriven="-1")
    produce(embedded, "DEAD_REDACT", "cam", b"", {"reason": "Expected a record that fits the topic"})
    code, lines = dead("redact", "--redrive")
    assert (code, sorted(lines[-4:])) == (
        1,
        [
            "      1  not redriven: it was redriven 3 times",
            "      1  not redriven: its header `redriven` says no number from 1 to 3",
            "      1  not redriven: its record was too large for the bus, and is not here",
            "      1  redriven to IMAGEAI_FRAME",
        ],
    )
    assert _marks(embedded, "IMAGEAI_FRAME", 1) == [(0, {"redriven": "3"})]


def test_one_that_died_again_is_redriven_once_and_not_once_for_each_death(dead: Dead, embedded: str) -> None:
    _die(embedded, 0)
    _die(embedded, 0, redriven="1")
    assert dead("redact", "--redrive")[1][-1] == "      1  redriven to IMAGEAI_FRAME"
    assert _marks(embedded, "IMAGEAI_FRAME", 1) == [(0, {"redriven": "2"})]


PICKY = '''
from pathlib import Path
from functions import Frame, function

@function
def picky(frame: Frame) -> Frame:
    """Fail until somebody mends it."""
    if not Path(__file__).with_name("mended").exists():
        raise ValueError("not mended yet")
    return frame
'''
PICKY_CHAIN = """
[stages.detect]
function = "picky"
input = "SOURCE_FRAME"
output = "IMAGEAI_FRAME"

[stages.annotate]
function = "annotate"
input = "IMAGEAI_FRAME"
output = "ANNOTATED_FRAME"
"""


def test_500_go_through_once_after_a_fix_and_bear_their_mark_to_the_end_of_the_chain(
    kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "picky_for_dead_letters.py").write_text(PICKY)
    env = environment(kafka, tmp_path, PICKY_CHAIN, functions="picky_for_dead_letters", partitions=4)
    env["PYTHONPATH"] = f"{env['PYTHONPATH']}:{tmp_path}"
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(tmp_path)
    with worker(env) as process:
        wait_ready(process, "detect", "annotate")
        numbers = range(250)
        produce_all(kafka, "SOURCE_FRAME", [*pairs(numbers, "yard"), *pairs(numbers, "gate")])
        died = consume(kafka, "DEAD_DETECT", 500)
        # Redriven before the cause is mended, each dies again, and bears the mark.
        run = CliRunner().invoke(imagebus, ["dead", "detect", "--redrive", "--source", "yard"], catch_exceptions=False)
        assert run.output.splitlines()[-1] == "    250  redriven to SOURCE_FRAME"
        again = consume(kafka, "DEAD_DETECT", 750)[500:]
        assert {dict(message.headers() or ())["redriven"] for message in again} == {b"1"}
        (tmp_path / "mended").touch()
        run = CliRunner().invoke(imagebus, ["dead", "detect", "--redrive"], catch_exceptions=False)
        assert run.output.splitlines()[-1] == "    500  redriven to SOURCE_FRAME"
        through = consume(kafka, "ANNOTATED_FRAME", 500)
    assert (seqs(through, "yard"), seqs(through, "gate")) == ([*numbers], [*numbers])
    marks = [(message.key(), dict(message.headers() or ())) for message in through]
    assert {(key, mark["redriven"]) for key, mark in marks} == {(b"yard", b"2"), (b"gate", b"1")}  # type: ignore[call-overload]
    assert length(kafka, "ANNOTATED_FRAME") == 500
    assert len(died) == 500
    assert length(kafka, "DEAD_DETECT") == 750
