"""What is told of an alert, as JSON: numbers, times and names of the chain file; no picture, no box, nobody's name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import UNSET, Struct, UnsetType

from functions.core.frame import Frame
from streams.chain.alerts_section import AlertConf
from streams.notify.rule import Watch

_ROUND_US = 5_000_000  # so much before and after an alert belongs to its clip
_MOST_SOURCES = 100


class Clip(Struct, frozen=True, kw_only=True):
    """What `imagebus export SOURCE FROM TO` takes."""

    source: str
    begin: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")


class Alert(Struct, frozen=True, kw_only=True):
    """One alert; who gets the same `id` twice had it already. `count` is of the frame of `at`."""

    event_type: str = "alert"
    id: str
    rule: str
    source: str
    label: str
    count: int
    since: str
    at: str
    zone: str | UnsetType = UNSET
    clip: Clip | UnsetType = UNSET


class Summary(Struct, frozen=True, kw_only=True):
    """Alerts of one rule that were held back, by source; `others` are those of more sources than are named."""

    event_type: str = "summary"
    id: str
    rule: str
    alerts: int
    sources: dict[str, int]
    others: int
    since: str
    at: str


def alert_of(name: str, conf: AlertConf, frame: Frame, count: int, since: int, first: str) -> Alert:
    """The alert of a rule that became one in this frame; its id is of the rule, the source and the frame `first`."""
    begin, end = since - _ROUND_US, frame.captured_at + _ROUND_US
    return Alert(
        id=id_of(name, frame.source, first),
        rule=name,
        source=frame.source,
        label=conf.when.label,
        count=count,
        since=moment(since),
        at=moment(frame.captured_at),
        zone=conf.when.zone or UNSET,
        clip=Clip(source=frame.source, begin=moment(begin), end=moment(end)) if conf.wants_clip else UNSET,
    )


def summary_of(name: str, held: Mapping[str, Watch]) -> Summary:
    """What was held back of a rule, by source."""
    first = min(held.items(), key=lambda each: (each[1].held_from, each[0]))
    most = sorted(held.items(), key=lambda each: (-each[1].held, each[0]))
    return Summary(
        id=id_of(name, first[0], f"held {first[1].held_first}"),
        rule=name,
        alerts=sum(watch.held for watch in held.values()),
        sources={source: watch.held for source, watch in most[:_MOST_SOURCES]},
        others=sum(watch.held for _, watch in most[_MOST_SOURCES:]),
        since=moment(first[1].held_from),
        at=moment(max(watch.held_to for watch in held.values())),
    )


def id_of(*parts: str) -> str:
    """The same text for the same parts, and no other."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def moment(us: int) -> str:
    """A time (µs since the epoch) as ISO 8601 in UTC."""
    return datetime.fromtimestamp(max(0, us) / 1e6, UTC).isoformat(timespec="milliseconds")
