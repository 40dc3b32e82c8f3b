"""When there is an alert: how many, where, for how long, at which hours, and not again before they have gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from functions import Detection, Frame
from streams.chain.alerts_section import AlertConf, WhenConf
from streams.notify.rule import Seen, Watch, count, is_in_hours, see
from tests.streams.frames import frame

TEN_A_SECOND = 100_000


def alerts(there: str, for_s: float, every_us: int = TEN_A_SECOND, seen: Seen | None = None) -> list[int]:
    """The frames at which there is an alert; `there` has a letter a frame, x where it holds, _ for no frame."""
    seen = seen or Seen(Watch(partition=0))
    found = []
    for seq, letter in enumerate(there):
        at = replace(frame(seq), captured_at=1_700_000_000_000_000 + seq * every_us)
        if letter != "_" and see(seen, at, letter == "x", round(for_s * 1e6))[1]:
            found.append(seq)
    return found


@pytest.mark.parametrize(
    ("there", "for_s", "expected"),
    [
        ("...x", 0, [3]),
        ("xxxxxxxxxxxx", 1, [10]),
        ("xxxxxxxxx" + 11 * ".", 1, []),
        ("xxxxx.xx..xxx", 1, [10]),  # a detector misses somebody now and then
        ("xxxxxx" + 10 * "." + 12 * "x", 1, [26]),
        ("x" + 9 * "." + "x", 0, [0]),  # armed again once it was gone for a second
        ("x" + 11 * "." + "x", 0, [0, 12]),
        (11 * "x" + 19 * "." + 12 * "x", 2, []),
        (21 * "x" + 19 * "." + 30 * "x", 2, [20]),
        (21 * "x" + 21 * "." + 21 * "x", 2, [20, 62]),
        ("x" + 1300 * "_" + "x", 0, [0, 1301]),  # after two minutes without a frame whatever was seen is over
    ],
)
def test_it_holds_for_its_time_and_is_armed_again_once_it_did_not_for_as_long(
    there: str, for_s: float, expected: Sequence[int]
) -> None:
    assert alerts(there, for_s) == expected


def test_one_frame_a_minute_is_enough() -> None:
    assert alerts("..xxx", 90, every_us=60_000_000) == [4]


def test_frames_that_come_again_change_nothing() -> None:
    seen = Seen(Watch(partition=0))
    assert alerts("...xxx", 0, seen=seen) == [3]
    assert alerts("...xxx", 0, seen=Seen(seen.watch)) == []  # after kill -9: what is stored is the watch


@pytest.mark.parametrize(
    ("between", "clock", "expected"),
    [
        ("22:00-06:00", "21:59", False),
        ("22:00-06:00", "22:00", True),
        ("22:00-06:00", "05:59", True),
        ("22:00-06:00", "06:00", False),
        ("08:00-18:00", "12:00", True),
        ("08:00-18:00", "18:00", False),
        ("00:00-00:00", "12:00", True),
        (None, "12:00", True),
    ],
)
def test_hours_may_go_over_midnight(between: str | None, clock: str, expected: bool) -> None:
    conf = AlertConf(when=WhenConf(label="person", between=between), then=["mqtt"], time_zone="UTC")
    at = datetime.fromisoformat(f"2026-03-01T{clock}").replace(tzinfo=UTC)
    assert is_in_hours(conf, round(at.timestamp() * 1e6)) is expected


def test_hours_are_those_of_the_rule_s_time_zone() -> None:
    berlin = AlertConf(when=WhenConf(label="person", between="00:30-01:30"), then=["mqtt"], time_zone="Europe/Berlin")
    assert is_in_hours(berlin, round(datetime(2026, 7, 1, 23, tzinfo=UTC).timestamp() * 1e6))


def _with(*found: tuple[str, float, float]) -> Frame:
    """Boxes of a label whose feet are there, in shares of the picture."""
    boxes = [(label, x * 768, y * 576) for label, x, y in found]
    detections = tuple(Detection(label, 0.9, (x - 10, y - 50, x + 10, y)) for label, x, y in boxes)
    return replace(frame(), detections=detections)


def test_of_an_area_those_are_counted_who_stand_in_it() -> None:
    gate = [(0.5, 0.5), (1.0, 0.5), (1.0, 1.0), (0.5, 1.0)]
    corner = [(0.9, 0.9), (1.0, 0.9), (1.0, 1.0)]
    conf = AlertConf(when=WhenConf(label="Person"), then=["mqtt"])
    picture = _with(("person", 0.75, 0.75), ("person", 0.75, 0.45), ("person", 0.25, 0.75), ("dog", 0.75, 0.75))
    assert (count(conf, [gate], picture), count(conf, None, picture)) == (1, 3)
    assert (count(conf, [gate, corner, gate], picture), count(conf, [corner], picture)) == (1, 0)
