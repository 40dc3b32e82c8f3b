"""The sections `[alerts.NAME]` and `[areas.NAME]` of a chain file: who is told when, of which part of a picture."""

from __future__ import annotations

import re
from datetime import time, tzinfo
from typing import Annotated

from msgspec import Meta, Struct

from functions.redaction.zones import in_shares
from streams.chain.counts_section import zone_of
from streams.wire.names import why_no_name

# The words of `then` that are no output.
MQTT, WEBHOOK, CLIP = "mqtt", "webhook:", "clip"
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class AreaConf(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of one source's upright picture, in shares of it, for alerts only: it covers and uncovers nothing."""

    source: str
    polygon: Annotated[list[tuple[float, float]], Meta(min_length=3, max_length=64)]

    def __post_init__(self) -> None:
        in_shares(self.polygon)
        if why := why_no_name(self.source):
            raise ValueError(f"source: {why}")


class WhenConf(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is seen: `at_least` so many of `label` for `for_s` seconds, at one source or at any.

    `zone` names an area in which they stand, of the file or drawn, `between` the hours of the day, as 22:00-06:00.
    """

    label: Annotated[str, Meta(min_length=1, max_length=128)]
    source: str | None = None
    at_least: Annotated[int, Meta(ge=1, le=1000)] = 1
    for_s: Annotated[float, Meta(ge=0, le=3600)] = 0.0
    between: str | None = None
    zone: Annotated[str, Meta(min_length=1, max_length=64)] | None = None

    def __post_init__(self) -> None:
        if self.source is not None and (why := why_no_name(self.source)):
            raise ValueError(f"source: {why}")
        if self.between is not None and not _HOURS.fullmatch(self.between):
            raise ValueError(f"between: expected hours as 22:00-06:00, got {self.between!r}")

    @property
    def hours(self) -> tuple[time, time] | None:
        """From when to when of a day, the end not included; over midnight where the first is later."""
        if self.between is None or not (match := _HOURS.fullmatch(self.between)):
            return None
        first, first_minute, last, last_minute = map(int, match.groups())
        return time(first, first_minute), time(last, last_minute)


class AlertConf(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is seen is told on the bus; `then` names who is told beside it: `mqtt`, `webhook:NAME`.

    With `clip` they are told of which time pictures are wanted. At most `per_hour` messages an hour, the rest is summed
    up in one. `time_zone` is that of `between`, by default the host's.
    """

    when: WhenConf
    then: list[str] = []
    per_hour: Annotated[int, Meta(ge=1, le=100_000)] = 20
    time_zone: str | None = None

    @property
    def zone(self) -> tzinfo | None:
        """The time zone of `between`, None for the host's own. Raises UsageError for one that it does not know."""
        return zone_of(self.time_zone) if self.time_zone else None

    @property
    def wants_clip(self) -> bool:
        """Whether its messages say of which time pictures are wanted."""
        return CLIP in self.then
