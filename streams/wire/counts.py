"""The wire format of visits and counts (docs/wire-format.md): numbers only, never a picture."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from functions.counting.windows import LATEST
from streams.wire.records import VERSION, Count, Finite, Name, RecordError, check_version, present

VISITS, COUNTS = "VISITS", "COUNTS"
MAX_PATH = 128

Window = Literal["hour", "day", "running"]
Moment = Annotated[int, Meta(ge=0, le=LATEST)]
Number = Annotated[int, Meta(ge=0, le=2**53 - 1)]
R = TypeVar("R", bound="Versioned")


class Versioned(Struct, frozen=True, kw_only=True):
    """A record that is no frame; its version is required on reading."""

    v: int = VERSION


class WireVisit(Versioned, frozen=True, kw_only=True):
    """A `functions.counting.visits.Visit` on the wire: every field is required and bounded."""

    id: Number
    source: Name
    first_at: Moment
    last_at: Moment
    path: Annotated[list[tuple[Moment, Finite, Finite]], Meta(max_length=MAX_PATH)]
    same_as: Number | None
    restarted_at: Moment | None


class Counted(Versioned, frozen=True, kw_only=True):
    """The visitors of one window, at one camera or (`source` nil) at all; the newest record of a window wins."""

    window: Window
    starts_at: Count
    ends_at: Count | None
    source: Name | None
    visitors: Count
    unique: Count
    updated_at: Count
    restarted_at: Count | None


def encode(record: Versioned) -> bytes:
    """Write one record."""
    return msgspec.msgpack.encode(record)


def decode(value: bytes | None, kind: type[R]) -> R:
    """Read one record of that kind. Raises RecordError for anything the format does not allow."""
    record: R = decoded(value, kind, kind.__name__.lower())
    return record


def decoded(value: bytes | None, kind: Any, name: str) -> Any:
    """The same, of a kind that may be a union; an error calls it by `name`."""
    value = present(value)
    try:
        check_version(value)
        return msgspec.msgpack.decode(value, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise RecordError(f"Expected one {name} as a msgpack map: {error}") from None
