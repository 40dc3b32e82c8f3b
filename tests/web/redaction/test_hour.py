"""The last hour of a camera: what its redacted frames say, in slices of ten seconds, bounded in time and number."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from streams.wire.records import Record, WireRedaction, from_frame
from tests.web.frames_of_chain import REDACTED, SOURCE, Camera
from web.redaction.hour import SLICE_S, LastHour, Slice, by_slice
from web.redaction.missing import WAIT_S, Missing
from web.redaction.routes import COLUMNS, as_csv

NOON = 1_800_000_000


@dataclass
class Clock:
    """Seconds since the epoch."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hour(clock: Clock) -> LastHour:
    return LastHour(SOURCE, REDACTED, places=4, clock=clock)


FRAME = from_frame(Camera("", "yard").frame(0))


def redacted(seq: int, covered: float = 0.1, doubt: str | None = None, source: str = "yard") -> Record:
    """A frame as the redacted topic holds it."""
    done = WireRedaction(["person"], "solid", covered, doubt)
    return replace(FRAME, id=f"{'a' * 12}-{seq}", seq=seq, source=source, redaction=done)


def raw(seq: int, source: str = "yard") -> Record:
    return replace(FRAME, seq=seq, source=source)


def test_ten_seconds_say_how_much_was_hidden_and_how_often_it_was_in_doubt(hour: LastHour, clock: Clock) -> None:
    hour.take(REDACTED, redacted(1, 0.1))
    hour.take(REDACTED, redacted(2, 0.3, "the camera moves"))
    clock.now += SLICE_S
    hour.take(REDACTED, redacted(3, 1.0, "no texture"))
    hour.take("ANNOTATED_FRAME", redacted(4))
    assert list(by_slice(hour.slices("yard"))) == [
        (NOON, 2, 0.2, 0.3, 0, 1, "the camera moves", 0),
        (NOON + SLICE_S, 1, 1.0, 1.0, 1, 1, "no texture", 0),
    ]
    summary = hour.summary("yard")
    assert (summary.frames, summary.whole, summary.doubts, summary.doubt) == (3, 1, 2, "no texture")
    assert summary.covered == pytest.approx(1.4 / 3)
    assert summary.missing is None  # no raw frame was read


def test_a_frame_that_a_stage_writes_twice_counts_once(hour: LastHour) -> None:
    hour.take(REDACTED, redacted(1))
    hour.take(REDACTED, redacted(1))
    assert hour.summary("yard").frames == 1


def test_what_is_older_than_an_hour_is_gone(hour: LastHour, clock: Clock) -> None:
    hour.take(REDACTED, redacted(1))
    clock.now += 3599
    assert hour.sources == ["yard"]
    clock.now += 10
    assert (hour.sources, hour.slices("yard")) == ([], [])
    for seq in range(2, 1000):
        clock.now += SLICE_S
        hour.take(REDACTED, redacted(seq))
    assert len(hour.slices("yard")) == 360


def test_a_clock_that_is_set_back_loses_nothing(hour: LastHour, clock: Clock) -> None:
    hour.take(REDACTED, redacted(1))
    clock.now -= 100
    hour.take(REDACTED, redacted(2))
    assert hour.summary("yard").frames == 2


def test_names_without_end_evict_one_another_and_no_camera(hour: LastHour, clock: Clock) -> None:
    for seq in range(3):
        hour.take(REDACTED, redacted(seq))
        clock.now += SLICE_S
    for number in range(100):
        hour.take(REDACTED, redacted(0, source=f"stranger {number}"))
        hour.take(SOURCE, raw(0, source=f"raw {number}"))
    assert "yard" in hour.sources
    assert len(hour.sources) <= 4


def test_a_frame_that_was_captured_and_never_comes_out_is_missing(hour: LastHour, clock: Clock) -> None:
    for seq in range(4):
        hour.take(SOURCE, raw(seq))
    for seq in (0, 3):
        hour.take(REDACTED, redacted(seq))
    assert hour.summary("yard").missing == 0
    clock.now += WAIT_S + 1
    hour.take(SOURCE, raw(4))
    assert hour.summary("yard").missing == 2
    assert not hour.is_stuck("yard")
    clock.now += 60
    hour.take(SOURCE, raw(5))
    assert hour.is_stuck("yard")
    hour.take(REDACTED, redacted(5))
    assert not hour.is_stuck("yard")


def test_of_two_topics_either_may_be_read_first_and_what_is_skipped_is_not_waited_for() -> None:
    missing = Missing()
    missing.came(1)
    assert missing.wait_for(1, 0.0) == 0
    assert missing.wait_for(2, WAIT_S + 1) == 0
    missing.forget()
    assert missing.wait_for(3, 3 * WAIT_S) == 0
    assert sum(missing.wait_for(seq, 3 * WAIT_S) for seq in range(4, 10_000)) > 9_000  # it remembers a bounded number


def test_the_file_has_a_row_for_each_slice_and_no_formula(hour: LastHour) -> None:
    hour.take(REDACTED, redacted(1, 0.25, "=1+1", source="=cmd|' /C calc'!A0"))
    rows = list(csv.reader(as_csv(_all(hour)).splitlines()))
    assert rows[0] == list(COLUMNS)
    assert rows[1] == [
        "'=cmd|' /C calc'!A0",
        "2027-01-15T08:00:00+00:00",
        *("1", "0.25", "0.25", "0", "1"),
        "'=1+1",
        "0",
    ]


def _all(hour: LastHour) -> Iterator[tuple[str, list[Slice]]]:
    return ((source, hour.slices(source)) for source in hour.sources)
