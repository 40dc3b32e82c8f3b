"""A moment as people write it on a command line."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import click

_AGO = re.compile(r"-(\d{1,6})(s|m|h)")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
_WANTED = "14:30, 14:30:05, 2026-03-01T14:30 (with +01:00 or Z of that zone), or -90s, -5m, -2h from now"


class Moment(click.ParamType):
    """Seconds since the epoch; without a date the last time that it was so late, without a zone this host's."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return moment(str(value), datetime.now().astimezone())
        except (ValueError, OverflowError, OSError):
            self.fail(f"expected {_WANTED}, got {value!r}", param, ctx)


def moment(text: str, now: datetime) -> float:
    """The moment as seconds since the epoch; `now` has a time zone. Raises ValueError."""
    if ago := _AGO.fullmatch(text):
        return (now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})).timestamp()
    if not (clock := _CLOCK.fullmatch(text)):
        return datetime.fromisoformat(text).timestamp()
    today = now.replace(hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0), microsecond=0)
    return (today - timedelta(days=today > now)).timestamp()
