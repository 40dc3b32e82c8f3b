"""What is told of an alert, as a record and as JSON: numbers, times and names of the chain file; no picture, no box."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import structs

from functions.core.frame import Frame
from streams.chain.alerts_section import AlertConf
from streams.notify.rule import Watch
from streams.wire.alerts import MAX_SOURCES, Alert, Summary

_ROUND_US = 5_000_000  # so much before and after an alert belongs to its clip


def alert_of(name: str, conf: AlertConf, frame: Frame, count: int, since: int, first: str) -> Alert:
    """The alert of a rule that became one in this frame; its id is of the rule, the source and the frame `first`."""
    return Alert(
        id=id_of(name, frame.source, first),
        rule=name,
        source=frame.source,
        label=conf.when.label,
        count=count,
        since=since,
        at=frame.captured_at,
        zone=conf.when.zone,
    )


def summary_of(name: str, held: Mapping[str, Watch]) -> Summary:
    """What was held back of a rule, by source."""
    first = min(held.items(), key=lambda each: (each[1].held_from, each[0]))
    most = sorted(held.items(), key=lambda each: (-each[1].held, each[0]))
    return Summary(
        id=id_of(name, first[0], f"held {first[1].held_first}"),
        rule=name,
        alerts=sum(watch.held for watch in held.values()),
        sources={source: watch.held for source, watch in most[:MAX_SOURCES]},
        others=sum(watch.held for _, watch in most[MAX_SOURCES:]),
        since=first[1].held_from,
        at=max(watch.held_to for watch in held.values()),
    )


def as_json(message: Alert | Summary, wants_clip: bool) -> bytes:
    """What MQTT and webhooks are told. The `clip` of an alert is what `imagebus export SOURCE FROM TO` takes."""
    said = {name: value for name, value in structs.asdict(message).items() if name != "v" and value is not None}
    said |= {"since": moment(message.since), "at": moment(message.at)}
    if isinstance(message, Summary):
        return msgspec.json.encode({"event_type": "summary", **said})
    begin, end = moment(message.since - _ROUND_US), moment(message.at + _ROUND_US)
    clip = {"clip": {"source": message.source, "from": begin, "to": end}} if wants_clip else {}
    return msgspec.json.encode({"event_type": "alert", **said, **clip})


def id_of(*parts: str) -> str:
    """The same text for the same parts, and no other."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def moment(us: int) -> str:
    """A time (µs since the epoch) as ISO 8601 in UTC."""
    return datetime.fromtimestamp(max(0, us) / 1e6, UTC).isoformat(timespec="milliseconds")
