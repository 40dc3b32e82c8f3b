"""From a Kafka message to what it holds: a frame, the state or zones of a source, how often it was redriven."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from functions.core.frame import Frame
from streams.wire import alerts, counts, records
from streams.wire.alerts import ALERTS, Alert, Summary
from streams.wire.cameras import CAMERAS, ZONES, CameraState, DrawnZones
from streams.wire.counts import COUNTS, VISITS, Counted, WireVisit
from streams.wire.names import why_no_name
from streams.wire.records import Record, RecordError

R = TypeVar("R", CameraState, DrawnZones)
AnyRecord = Record | WireVisit | Counted | CameraState | DrawnZones | Alert | Summary
_KINDS: dict[str, type[WireVisit | Counted | CameraState | DrawnZones]] = {
    VISITS: WireVisit,
    COUNTS: Counted,
    CAMERAS: CameraState,
    ZONES: DrawnZones,
}
# How often a dead letter may be written back to where it came from, and the header that says how often it was.
MAX_REDRIVEN, REDRIVEN = 3, "redriven"
_DIGITS, _LONGEST = 4, 32  # of a number that is read, and of whatever a dead letter keeps
Headers = Mapping[str, str | bytes | None] | Iterable[tuple[str, str | bytes | None]] | None


class Keyed(Protocol):
    """The fields of a Kafka message that are read."""

    @property
    def key(self) -> bytes | None: ...

    @property
    def value(self) -> bytes | None: ...


class Message(Keyed, Protocol):
    """A Kafka message, as stages and counting read it; `timestamp` in seconds since the epoch, by Kafka."""

    topic: str
    partition: int
    offset: int
    timestamp: float

    @property
    def headers(self) -> Headers: ...


def frame_of(message: Keyed, max_bytes: int) -> Frame:
    """The frame in a message whose key is its source. Raises RecordError; no pixel is decoded."""
    record = records.decode(message.value, max_bytes)
    _check_key(message, record.source)
    return records.to_frame(record)


def named_frame_of(message: Keyed, max_bytes: int, raw: bool) -> Frame:
    """The same, of a source whose name people can tell from others, and seen by a redactor unless `raw`.

    Raises RecordError.
    """
    frame = frame_of(message, max_bytes)
    if not raw:
        refuse_raw(frame)
    if why := why_no_name(frame.source):
        raise RecordError(f"Source: {why}")
    return frame


def refuse_raw(frame: Frame | Record) -> None:
    """Refuse a frame that no redactor has seen. Raises RecordError."""
    if frame.redaction is None:
        raise RecordError("Expected a frame that a redactor has seen, got one that none has")


def keyed(message: Keyed, kind: type[R]) -> R:
    """The state or the zones of the source that is the message's key. Raises RecordError, also for a tombstone."""
    record = counts.decode(message.value, kind)
    _check_key(message, record.source)
    return record


def record_of(message: Message, max_bytes: int) -> AnyRecord | None:
    """The record in a message, of the kind that its topic holds; None for a tombstone of `CAMERAS`. Raises RecordError.

    A topic that is none of imagebus's own holds frames.
    """
    if message.value is None and message.topic == CAMERAS:
        return None
    if message.topic == ALERTS:
        return alerts.decode(message.value)
    if (kind := _KINDS.get(message.topic)) is None:
        record = records.decode(message.value, max_bytes)
        _check_key(message, record.source)
        return record
    number = counts.decode(message.value, kind)
    if isinstance(number, CameraState | DrawnZones):
        _check_key(message, number.source)
    return number


def redriven(headers: Headers) -> int:
    """How often a message was written back from a dead-letter topic. Raises RecordError for any other header."""
    text = redriven_as_it_came(headers).get(REDRIVEN)
    if text is None:
        return 0
    if not text.isdigit() or len(text) > _DIGITS or not 1 <= int(text) <= MAX_REDRIVEN:
        raise RecordError(f"Expected a header `redriven` of 1 to {MAX_REDRIVEN}, got {text!r}")
    return int(text)


def redriven_as_it_came(headers: Headers) -> dict[str, bytes]:
    """The header `redriven` for the dead letter that a message becomes, whatever it says; empty where there is none."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers or ()
    said = [value for name, value in pairs if name == REDRIVEN]
    if not said:
        return {}
    text = said[-1].encode() if isinstance(said[-1], str) else said[-1] or b""
    return {REDRIVEN: text[:_LONGEST]}


def redriven_mark(headers: Headers) -> dict[str, bytes]:
    """The header `redriven` for what is made of a message that bears a valid one, else none."""
    try:
        times = redriven(headers)
    except RecordError:
        return {}
    return {REDRIVEN: str(times).encode()} if times else {}


def _check_key(message: Keyed, source: str) -> None:
    key = None if message.key is None else message.key.decode(errors="replace")
    if key != source:
        raise RecordError(f"Expected the message key {source!r} (its source), got {key!r}")
