"""The records of `ALERTS`: an alert, or several that were held back, in numbers and names (docs/wire-format.md)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from streams.wire import counts
from streams.wire.counts import Moment, Versioned
from streams.wire.records import Count, Name

ALERTS = "ALERTS"
MAX_SOURCES = 100

Word = Annotated[str, Meta(min_length=1, max_length=64)]


class Alert(Versioned, frozen=True, kw_only=True, tag_field="kind", tag="alert"):
    """One alert: `count` of the label at `at`, after the rule had held since `since`; times in µs since the epoch."""

    id: Word
    rule: Word
    source: Name
    label: Name
    count: Count
    since: Moment
    at: Moment
    zone: Word | None = None


class Summary(Versioned, frozen=True, kw_only=True, tag_field="kind", tag="summary"):
    """Alerts of one rule that were held back, by source; `others` are those of more sources than are named."""

    id: Word
    rule: Word
    alerts: Count
    sources: Annotated[dict[Name, Count], Meta(max_length=MAX_SOURCES)]
    others: Count
    since: Moment
    at: Moment


def decode(value: bytes | None) -> Alert | Summary:
    """Read one record. Raises RecordError for anything the format does not allow."""
    record: Alert | Summary = counts.decoded(value, Alert | Summary, "alert")
    return record
