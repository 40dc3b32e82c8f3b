"""The book of visits: windows, persons, and what comes late or twice."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from functions.counting.ledger import Ledger
from functions.counting.visits import MINUTE, SECOND, Visit
from functions.counting.windows import LATEST, day_of, hour_of

HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOON = round(datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()) * SECOND


def visit(number: int, source: str = "a", at: int = NOON, lasts: int = 10 * SECOND, x: float | None = None) -> Visit:
    """Somebody at one place for a while, with steps twice a second where `x` says where."""
    steps = range(at, at + lasts + 1, SECOND // 2) if x is not None else ()
    return Visit(
        id=number, source=source, first_at=at, last_at=at + lasts, path=tuple((step, x or 0.0, 0.0) for step in steps)
    )


def book(visits: Iterable[Visit]) -> Ledger:
    ledger = Ledger(1.0, UTC)
    for each in visits:
        ledger.add(each)
    return ledger


def counts(ledger: Ledger, kind: str = "running") -> dict[str | None, tuple[int, int]]:
    """Visitors and unique visitors of each camera in the newest window of that kind."""
    newest = sorted(
        (each for each in ledger.counts() if each.window.kind == kind), key=lambda each: each.window.starts_at
    )
    return {each.source: (each.visitors, each.unique) for each in newest if each.window == newest[-1].window}


def test_who_is_seen_by_two_cameras_at_one_place_counts_once_over_all() -> None:
    seen = [visit(1, "a", x=0.0), visit(2, "b", x=0.5), visit(3, "b", x=5.0)]
    assert counts(book(seen)) == {"a": (1, 1), "b": (2, 2), None: (3, 2)}


def test_of_two_side_by_side_each_is_joined_with_the_nearer_whatever_the_order() -> None:
    seen = [
        visit(1, "a", x=0.0),
        visit(2, "a", x=0.8),
        visit(3, "b", x=0.1),
        visit(4, "b", x=0.9),
        visit(5, "c", x=0.7),
    ]
    for seed in range(20):
        random.Random(seed).shuffle(seen)
        assert counts(book(seen))[None] == (5, 2)


def test_who_is_lost_by_one_camera_and_seen_on_by_the_other_is_one() -> None:
    seen = [visit(1, "a", x=0.0), visit(2, "a", NOON + 20 * SECOND, x=0.0), visit(3, "b", lasts=30 * SECOND, x=0.0)]
    assert counts(book(seen)) == {"a": (2, 2), "b": (1, 1), None: (3, 1)}


def test_told_twice_late_and_out_of_order_counts_once() -> None:
    short, whole = visit(1, lasts=2 * SECOND), visit(1)
    ledger = book([whole, short, whole])
    assert counts(ledger) == {"a": (1, 1), None: (1, 1)}
    assert not ledger.add(short)


def test_who_stays_over_the_hour_counts_in_both_and_once_in_the_day() -> None:
    at = NOON + HOUR - 5 * SECOND
    ledger = book([visit(1, at=at, lasts=4 * SECOND), Visit(id=1, source="a", first_at=at, last_at=at + 20 * SECOND)])
    hours = [each for each in ledger.counts() if each.window.kind == "hour" and each.source]
    assert [each.visitors for each in hours] == [1, 1]
    assert counts(ledger, "day") == counts(ledger) == {"a": (1, 1), None: (1, 1)}


def test_a_day_that_is_over_is_closed_a_day_later_and_stays_in_the_running_count() -> None:
    seen = [visit(1, "a", x=0.0), visit(2, "b", x=0.0), visit(3, "a", NOON + 2 * DAY)]
    ledger = book(seen)
    before = ledger.due(NOON + DAY)
    assert before is not None
    assert (before.visitors, before.unique) == ({}, 0)
    closed = ledger.due(NOON + 2 * DAY)
    assert closed is not None
    assert sorted(each.id for each in ledger.close(closed)) == [1, 2]
    assert counts(ledger) == {"a": (2, 2), "b": (1, 1), None: (3, 2)}
    assert not ledger.add(visit(1, "a", x=0.0)), "told again after all"
    assert counts(ledger) == {"a": (2, 2), "b": (1, 1), None: (3, 2)}
    assert ledger.due(NOON + 2 * DAY) is None


def test_the_window_says_when_a_worker_took_over_within_it() -> None:
    taken = Visit(id=1, source="a", first_at=NOON, last_at=NOON + 5, restarted_at=NOON + 1)
    ledger = book([taken, Visit(id=2, source="b", first_at=NOON, last_at=NOON + HOUR, restarted_at=NOON - 1)])
    said = {
        (each.window.kind, each.source): each.restarted_at for each in ledger.counts() if each.updated_at < NOON + 9
    }
    assert said["hour", "a"] == said["hour", None] == NOON + 1
    hours = [each for each in ledger.counts() if each.window.kind == "hour" and each.source == "b"]
    assert [each.restarted_at for each in hours] == [None]


@pytest.mark.parametrize(
    ("zone", "moment", "hours"),
    [
        ("Europe/Berlin", "2026-03-29T12:00", 23),
        ("Europe/Berlin", "2026-10-25T12:00", 25),
        ("Asia/Kolkata", "2026-06-01T12:00", 24),
    ],
)
def test_days_and_hours_are_those_of_the_clock_on_the_wall(zone: str, moment: str, hours: int) -> None:
    there = ZoneInfo(zone)
    at = round(datetime.fromisoformat(moment).replace(tzinfo=there).timestamp()) * SECOND
    day, hour = day_of(at, there), hour_of(at, there)
    assert day.ends_at is not None
    assert day.ends_at - day.starts_at == hours * HOUR
    assert datetime.fromtimestamp(day.starts_at // SECOND, there).hour == 0
    assert hour.starts_at == at
    assert hour.ends_at == at + HOUR


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = round(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()) * SECOND  # 2:30, summer time
    assert hour_of(first + HOUR, berlin).starts_at == hour_of(first, berlin).starts_at + HOUR


@pytest.mark.parametrize("at", [LATEST + 2 * DAY, 2**63 - 1])
def test_a_visit_beyond_the_calendar_is_refused_and_changes_nothing(at: int) -> None:
    ledger = book([visit(1)])
    before = list(ledger.counts())
    with pytest.raises((OverflowError, ValueError)):
        ledger.add(visit(2, at=at - 10 * SECOND))
    assert list(ledger.counts()) == before


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "UTC"])
def test_the_last_moment_has_an_hour_and_a_day_everywhere(zone: str) -> None:
    assert hour_of(LATEST, ZoneInfo(zone)).open_at(LATEST)
    assert day_of(LATEST, ZoneInfo(zone)).open_at(LATEST)
