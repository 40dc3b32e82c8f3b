"""Visitor counts: kept in memory, and written as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import takewhile

import msgspec
from msgspec import Struct

from streams.wire.counts import Counted, decode

# Hours of a month for 25 cameras; beyond that the windows that began first are dropped.
MAX_WINDOWS = 20_000

Key = tuple[str, int, str | None]


class _News(Struct, frozen=True, tag_field="say", tag="counts"):
    records: list[Counted]


class LatestCounts:
    """The newest counts; `number` grows with every change."""

    def __init__(self, max_windows: int = MAX_WINDOWS) -> None:
        self.number = 0
        self._max_windows = max_windows
        self._newest: dict[Key, tuple[int, Counted]] = {}  # in order of change

    def take(self, value: bytes | None) -> None:
        """Store a record of `COUNTS` in place of the one of the same window and source. Raises RecordError."""
        self.put(decode(value, Counted))

    def put(self, record: Counted) -> None:
        """Store a record in place of the one of the same window and source."""
        self.number += 1
        key = (record.window, record.starts_at, record.source)
        self._newest.pop(key, None)
        self._newest[key] = self.number, record
        if len(self._newest) > self._max_windows:
            del self._newest[min(self._newest, key=lambda key: (key[0] == "running", key[1]))]

    def since(self, number: int) -> list[Counted]:
        """The counts that changed after this number."""
        newer = takewhile(lambda each: each[0] > number, reversed(self._newest.values()))
        return [record for _, record in newer]

    def message(self, number: int) -> str:
        """The websocket message with the counts that changed after this number."""
        return msgspec.json.encode(_News(self.since(number))).decode()


COLUMNS = ("window", "starts_at", "ends_at", "source", "visitors", "unique", "updated_at", "restarted_at")
# What a spreadsheet takes for a formula, full-width forms included: at the beginning of a cell, and behind whatever
# another country's spreadsheet takes for the end of one.
_FORMULA = re.compile(r"""(^\s*|[;,\t\r\n"])(?=[=+@\uff1d\uff0b\uff0d\uff20-])""")


def as_csv(counts: Iterable[Counted]) -> str:
    """One row for each window and source, in order of time (UTC); an empty source means all sources."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(map(_cells, sorted(counts, key=lambda each: (each.window, each.starts_at, each.source or ""))))
    return text.getvalue()


def _cells(record: Counted) -> Iterator[str | int]:
    for column in COLUMNS:
        value = getattr(record, column)
        if value is None:
            yield ""
        elif column.endswith("_at"):
            yield _time(value)
        else:
            yield cell(value) if isinstance(value, str) else value


def cell(text: str) -> str:
    """A text that is no formula to a spreadsheet: names of sources come from anybody."""
    return _FORMULA.sub(r"\1'", text)


def _time(us: int) -> str | int:
    try:
        return datetime.fromtimestamp(us // 1_000_000, UTC).isoformat()
    except (OverflowError, ValueError, OSError):  # beyond the range of datetime
        return us
