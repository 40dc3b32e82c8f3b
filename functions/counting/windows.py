"""Windows of time: the hour, the day, and all there is, as clocks on the wall have them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal, NamedTuple

# The last moment that has an hour and a day on every clock: calendars end with the year 9999.
LATEST = round(datetime(9999, 12, 30, tzinfo=UTC).timestamp()) * 1_000_000

Kind = Literal["hour", "day", "running"]


class Window(NamedTuple):
    """From `starts_at` until just before `ends_at`, in µs since the epoch; one without end is `running`."""

    kind: Kind
    starts_at: int
    ends_at: int | None

    def open_at(self, at: int) -> bool:
        """Whether it goes on after a moment."""
        return self.ends_at is None or self.ends_at > at


def hour_of(at: int, zone: tzinfo) -> Window:
    """The hour of a moment, on clocks of that time zone."""
    starts = _local(at, zone).replace(minute=0, second=0, microsecond=0)
    return Window("hour", _micros(starts), _micros(starts.astimezone(UTC) + timedelta(hours=1)))


def day_of(at: int, zone: tzinfo) -> Window:
    """The day of a moment, from midnight to midnight: 23 or 25 hours where the clocks are changed."""
    starts = datetime.combine(_local(at, zone).date(), datetime.min.time(), zone)
    return Window("day", _micros(starts), _micros(starts + timedelta(days=1)))


def _local(at: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at // 1_000_000, zone)


def _micros(moment: datetime) -> int:
    return round(moment.timestamp()) * 1_000_000
