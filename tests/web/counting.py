"""Puts counts on their topic, as counting would."""

from __future__ import annotations

from datetime import UTC, datetime

from streams.wire.counts import COUNTS, Counted, Window, encode
from tests.bus import produce_all

HOUR_US = 3600 * 1_000_000
NOON = int(datetime(2026, 3, 14, 12, tzinfo=UTC).timestamp()) * 1_000_000


def counted(
    window: Window,
    source: str | None,
    visitors: int,
    unique: int | None = None,
    starts_at: int = NOON,
    restarted_at: int | None = None,
) -> Counted:
    """So many in the window that began then."""
    lasts = {"hour": HOUR_US, "day": 24 * HOUR_US, "running": None}[window]
    return Counted(
        window=window,
        starts_at=starts_at,
        ends_at=None if lasts is None else starts_at + lasts,
        source=source,
        visitors=visitors,
        unique=visitors if unique is None else unique,
        updated_at=starts_at + 1_000_000,
        restarted_at=restarted_at,
    )


def count(url: str, *records: Counted) -> None:
    """Put counts on the broker at `url`, in order."""
    produce_all(url, COUNTS, [(record.source or "", encode(record)) for record in records])
