"""Puts alerts on their topic, as `imagebus notify` would."""

from __future__ import annotations

import time

from streams.wire.alerts import ALERTS, Alert, Summary
from streams.wire.counts import encode
from tests.bus import produce_all

S = 1_000_000


def alert(
    rule: str, source: str, number: int, count: int = 1, zone: str | None = None, ago_s: float = 0, for_s: float = 0
) -> Alert:
    """The alert of that number, so long ago, after so many seconds."""
    at = time.time_ns() // 1000 - round(ago_s * S)
    since = at - round(for_s * S)
    name = f"{rule}-{number}"
    return Alert(id=name, rule=rule, source=source, label="person", count=count, since=since, at=at, zone=zone)


def summary(rule: str, sources: dict[str, int], others: int = 0, ago_s: float = 0, for_s: float = 0) -> Summary:
    """So many that were held back."""
    at = time.time_ns() // 1000 - round(ago_s * S)
    alerts, since = sum(sources.values()) + others, at - round(for_s * S)
    name = f"{rule}-held-{at}"
    return Summary(id=name, rule=rule, alerts=alerts, sources=sources, others=others, since=since, at=at)


def tell(url: str, *records: Alert | Summary) -> None:
    """Put alerts on the broker at `url`, in order."""
    produce_all(url, ALERTS, [(record.id, encode(record)) for record in records])
