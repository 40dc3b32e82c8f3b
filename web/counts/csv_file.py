"""Counts as a CSV file (RFC 4180), safe from formula injection in spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from streams.wire.counts import Counted

COLUMNS = ("window", "starts_at", "ends_at", "source", "visitors", "unique", "updated_at", "restarted_at")
# What a spreadsheet takes for a formula, full-width forms included: at the beginning of a cell, and behind whatever
# another country's spreadsheet takes for the end of one.
_FORMULA = re.compile(r"""(^\s*|[;,\t\r\n"])(?=[=+@\uff1d\uff0b\uff0d\uff20-])""")


def as_csv(counts: Iterable[Counted]) -> str:
    """One row for each window and source, in order of time (UTC); an empty source means all sources."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(map(_cells, sorted(counts, key=_order)))
    return text.getvalue()


def _order(record: Counted) -> tuple[str, int, str]:
    return record.window, record.starts_at, record.source or ""


def _cells(record: Counted) -> Iterator[str | int]:
    for column in COLUMNS:
        value = getattr(record, column)
        if value is None:
            yield ""
        elif column.endswith("_at"):
            yield _time(value)
        else:
            yield _harmless(value) if isinstance(value, str) else value


def _time(us: int) -> str | int:
    try:
        return datetime.fromtimestamp(us // 1_000_000, UTC).isoformat()
    except (OverflowError, ValueError, OSError):  # beyond the range of datetime
        return us


def _harmless(text: str) -> str:
    """Escape formulas: names of sources come from anybody."""
    return _FORMULA.sub(r"\1'", text)
