"""The records of `CAMERAS` and `ZONES`, compacted topics: how each source is, and what people drew on its picture.

`docs/wire-format.md` specifies both for every language.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from streams.wire.counts import Versioned
from streams.wire.records import Count, Name, Share, Side, Text

CAMERAS, ZONES = "CAMERAS", "ZONES"
MAX_ZONES, MAX_POINTS = 64, 64

# What a source is: the spec says what each word means.
State = Literal["starting", "running", "dark", "frozen", "silent", "lost", "refused", "ended", "stopped"]
# In these there is nobody who writes frames under the name.
OVER: frozenset[State] = frozenset({"refused", "ended", "stopped"})
Word = Annotated[str, Meta(min_length=1, max_length=32)]
Rate = Annotated[float, Meta(ge=0, le=100_000)]


class CameraState(Versioned, frozen=True, kw_only=True):
    """One source as its producer sees it; times in µs since the epoch, `updated_at` of this record.

    `started_at` is when this run of the producer began: of two runs of one name the later one gives way.
    """

    source: Name
    run: Annotated[str, Meta(pattern="^[0-9a-f]{12}$")]
    topic: Annotated[str, Meta(min_length=1, max_length=249)]
    state: State
    since: Count
    started_at: Count
    updated_at: Count
    seen_at: Count | None = None
    codec: Word | None = None
    size_wh: tuple[Side, Side] | None = None
    fps_in: Rate = 0.0
    fps_out: Rate = 0.0
    reconnects: Count = 0
    transport: Word | None = None
    last_error: Text | None = None


class DrawnZone(Struct, frozen=True):
    """One polygon, in shares of the upright picture."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    polygon: Annotated[list[tuple[Share, Share]], Meta(min_length=3, max_length=MAX_POINTS)]


class DrawnZones(Versioned, frozen=True, kw_only=True):
    """All that was drawn at one source, by whom and when (µs); an empty list says that there is none.

    `cover` is covered; `areas` are for alerts only: they cover nothing and uncover nothing.
    """

    source: Name
    cover: Annotated[list[DrawnZone], Meta(max_length=MAX_ZONES)]
    areas: Annotated[list[DrawnZone], Meta(max_length=MAX_ZONES)] | UnsetType = UNSET  # left out where there is none
    by: Name
    at: Count
