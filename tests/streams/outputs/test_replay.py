"""`imagebus replay`: what a topic holds of a time, into another topic that is not redacted."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from click.testing import CliRunner

from functions.core.errors import UsageError
from streams.cli import imagebus
from streams.outputs.moment import moment
from streams.outputs.reader import Received
from streams.outputs.replay import _when_due
from tests.bus import consume, length, producer
from tests.processes import IMAGEBUS, Process
from tests.streams.chains import STUB_CHAIN, environment, wait_ready, worker
from tests.streams.frames import read, record, seqs

Replay = Callable[..., tuple[int, str]]
BEGAN = float(int(time.time()) - 1000)
CHAIN = f"""{STUB_CHAIN}
[stages.other]
function = "detect_stub"
input = "AGAIN_FRAME"
output = "OTHER_FRAME"

[topics.AGAIN_FRAME]
"""


@pytest.fixture
def replay(embedded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """Runs `imagebus replay` with these arguments; its exit code and what it said."""
    return _replaying(environment(embedded, tmp_path, CHAIN), monkeypatch)


def _replaying(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Replay:
    for name, value in env.items():
        monkeypatch.setenv(name, value)

    def run(topic: str, since_s: float, until_s: float, into: str, *more: str) -> tuple[int, str]:
        times = [datetime.fromtimestamp(BEGAN + each_s, UTC).isoformat() for each_s in (since_s, until_s)]
        arguments = ["replay", topic, "--from", times[0], "--to", times[1], "--into", into, "--speed", "1000", *more]
        result = CliRunner().invoke(imagebus, arguments, catch_exceptions=False)
        return result.exit_code, result.stdout

    return run


def _held(url: str, topic: str, frames: Iterable[tuple[float, str, bytes]], headers: Any = None) -> None:
    """Have a topic hold values of sources, each of its time in seconds after BEGAN."""
    client = producer(url)
    for at_s, source, value in frames:
        client.produce(topic, value, source, timestamp=round((BEGAN + at_s) * 1000), headers=headers or {})
        client.poll(0)
    assert client.flush(30) == 0


def test_frames_of_that_time_and_no_others_go_into_the_other_topic(replay: Replay, embedded: str) -> None:
    sources = {"yard": range(20), "gate": range(100, 120)}
    for source, numbers in sources.items():
        _held(embedded, "SOURCE_FRAME", ((n % 100, source, record(n, source, live=True)) for n in numbers))
    code, said = replay("SOURCE_FRAME", 5, 15, "AGAIN_FRAME")
    assert code == 0
    assert said.startswith("20 frames of SOURCE_FRAME into AGAIN_FRAME, from ")
    messages = consume(embedded, "AGAIN_FRAME", 20)
    assert length(embedded, "AGAIN_FRAME") == 20
    assert (seqs(messages, "yard"), seqs(messages, "gate")) == ([*range(5, 15)], [*range(105, 115)])
    # Their pictures as they were, and no stage skips one.
    assert {each.live for each in read(messages)} == {False}
    assert sum(message.value() == record(5, "yard") for message in messages) == 1


def test_a_mark_is_kept_and_what_cannot_be_read_stays(replay: Replay, embedded: str) -> None:
    _held(embedded, "SOURCE_FRAME", [(1, "cam", record(1))], {"redriven": "2", "reason": "x"})
    _held(embedded, "SOURCE_FRAME", [(2, "cam", b"\xc1"), (3, "door", record(3, "cam"))])
    code, said = replay("SOURCE_FRAME", 0, 9, "AGAIN_FRAME")
    (message,) = consume(embedded, "AGAIN_FRAME", 1)
    assert message.headers() == [("redriven", b"2")]
    assert code == 1
    assert said.startswith("1 frames of SOURCE_FRAME")
    assert said.endswith("; 2 cannot be read, and stay\n")


@pytest.mark.parametrize("of", ["redacted", "raw"])
def test_nothing_goes_into_a_redacted_topic(replay: Replay, embedded: str, of: str) -> None:
    topic = {"redacted": "REDACTION_FRAME", "raw": "IMAGEAI_FRAME"}[of]
    _held(embedded, topic, [(1, "cam", record(1))])
    with pytest.raises(UsageError, match=r"REDACTION_FRAME: expected (a topic for raw pictures|another topic), got"):
        replay(topic, 0, 9, "REDACTION_FRAME")
    assert length(embedded, "REDACTION_FRAME") == (of == "redacted")


@pytest.mark.parametrize(
    ("topic", "since_s", "into", "why"),
    [
        ("COUNTS", 0, "AGAIN_FRAME", "Topic COUNTS: expected a topic of frames, got one of numbers or of dead letters"),
        ("DEAD_DETECT", 0, "AGAIN_FRAME", "Topic DEAD_DETECT: expected a topic of frames"),
        ("SOURCE_FRAME", 0, "VISITS", "Topic VISITS: expected a topic of frames, got one of numbers"),
        ("SOURCE_FRAME", 0, "DEAD_DETECT", "Topic DEAD_DETECT: expected a topic of frames, got one of dead letters"),
        ("SOURCE_FRAME", 0, "SOURCE_FRAME", "--into SOURCE_FRAME: expected another topic, got the one that is read"),
        ("SOURCE_FRAME", 9, "AGAIN_FRAME", "--from and --to: expected a time and a later one"),
        ("SOURCE_FRAMES", 0, "AGAIN_FRAME", "Topic SOURCE_FRAMES: expected one of SOURCE_FRAME; did you mean"),
    ],
)
def test_a_replay_that_cannot_be_meant_is_refused(
    replay: Replay, embedded: str, topic: str, since_s: float, into: str, why: str
) -> None:
    _held(embedded, "SOURCE_FRAME", [(1, "cam", record(1))])
    with pytest.raises(UsageError, match=why):
        replay(topic, since_s, 9, into)


def test_of_a_time_that_is_not_held_it_says_so(replay: Replay, embedded: str) -> None:
    _held(embedded, "SOURCE_FRAME", [(100, "cam", record(1))])
    told = "0 frames of SOURCE_FRAME into AGAIN_FRAME: it holds none of that time\n"
    assert replay("SOURCE_FRAME", 0, 50, "AGAIN_FRAME") == (1, told)


NOW = datetime(2026, 3, 1, 14, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("14:30", datetime(2026, 3, 1, 14, 30, tzinfo=UTC)),
        ("14:30:05", NOW),
        ("14:30:06", datetime(2026, 2, 28, 14, 30, 6, tzinfo=UTC)),
        ("2026-02-27T10:00:00.5+01:00", datetime(2026, 2, 27, 9, 0, 0, 500_000, tzinfo=UTC)),
        ("-90s", datetime(2026, 3, 1, 14, 28, 35, tzinfo=UTC)),
        ("-2h", datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)),
    ],
)
def test_a_time_may_be_written_as_people_do(text: str, wanted: datetime) -> None:
    assert moment(text, NOW) == wanted.timestamp()


@pytest.mark.parametrize("text", ["", "noon", "25:00", "14", "14:30:05:06", "-5", "5m ago", "2026-13-01T00:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    outcome = CliRunner().invoke(imagebus, ["replay", "A", "--from", text, "--to", "-1s", "--into", "B"])
    assert outcome.exit_code == 2
    assert "expected 14:30, 14:30:05, 2026-03-01T14:30" in outcome.output


def test_frames_come_as_far_apart_as_they_came_divided_by_the_speed() -> None:
    waits: list[float] = []

    class Clock(Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0)
            return False

    messages = [Received("A", 0, n, 1000.0 + at_s, b"cam", b"") for n, at_s in enumerate((0, 40, 100))]
    assert len([*_when_due(messages, 4, Clock())]) == 3
    assert waits == [pytest.approx(0, abs=1), pytest.approx(10, abs=1), pytest.approx(25, abs=1)]


def test_five_minutes_go_through_another_function(kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = environment(kafka, tmp_path, CHAIN, partitions=4)
    _held(kafka, "HELD_FRAME", ((n / 2, source, record(n, source)) for n in range(620) for source in ("yard", "gate")))
    with worker(env, "other") as process:
        wait_ready(process, "other")
        code, said = _replaying(env, monkeypatch)("HELD_FRAME", 5, 305, "AGAIN_FRAME")
        through = consume(kafka, "OTHER_FRAME", 1200)
    assert code == 0
    assert said.startswith("1,200 frames of HELD_FRAME into AGAIN_FRAME, from ")
    assert seqs(through, "yard") == seqs(through, "gate") == [*range(10, 610)]
    assert {len(each.detections) for each in read(through)} == {5}


def test_ctrl_c_ends_it_at_once_and_says_what_went(embedded: str, tmp_path: Path) -> None:
    _held(embedded, "SOURCE_FRAME", [(1, "cam", record(1)), (900, "cam", record(2))])
    command = [*IMAGEBUS, "replay", "SOURCE_FRAME", "--from", "-1h", "--to", "-0s", "--into", "AGAIN_FRAME"]
    with Process(command, environment(embedded, tmp_path, CHAIN)) as process:
        consume(embedded, "AGAIN_FRAME", 1)
        assert process.terminate(signal.SIGINT, timeout_s=5) == 130
        assert process.lines[-1].startswith("1 frames of SOURCE_FRAME into AGAIN_FRAME, from ")
