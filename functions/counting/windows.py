"""Time windows in local time: the hour, the day, and the running total."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal, NamedTuple

# The last moment (µs) with an hour and a day in every time zone: datetime ends with the year 9999.
LATEST = round(datetime(9999, 12, 30, tzinfo=UTC).timestamp()) * 1_000_000

Kind = Literal["hour", "day", "running"]


class Window(NamedTuple):
    """From `starts_at` until just before `ends_at`, in µs since the epoch; one without end is `running`."""

    kind: Kind
    starts_at: int
    ends_at: int | None

    def open_at(self, at: int) -> bool:
        """Whether it ends after this time (µs)."""
        return self.ends_at is None or self.ends_at > at


def hour_of(at: int, zone: tzinfo) -> Window:
    """The hour of a time (µs) in a time zone."""
    starts = _local(at, zone).replace(minute=0, second=0, microsecond=0)
    return Window("hour", _micros(starts), _micros(starts.astimezone(UTC) + timedelta(hours=1)))


def day_of(at: int, zone: tzinfo) -> Window:
    """The day of a time (µs) in a time zone: 23 or 25 hours when clocks change."""
    starts = datetime.combine(_local(at, zone).date(), datetime.min.time(), zone)
    return Window("day", _micros(starts), _micros(starts + timedelta(days=1)))


def _local(at: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at // 1_000_000, zone)


def _micros(moment: datetime) -> int:
    return round(moment.timestamp()) * 1_000_000
