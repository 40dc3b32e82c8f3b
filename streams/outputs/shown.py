"""A record as a line of text or of JSON, never with its picture; strangers' text does nothing to a terminal."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import msgspec

from streams.outputs.reader import Received
from streams.wire.names import printable
from streams.wire.reading import AnyRecord
from streams.wire.records import Record, RecordError

# Of a dead letter, and of one that was written back.
_TOLD = ("reason", "redriven")


def as_text(message: Received, record: AnyRecord | RecordError | None) -> str:
    """One line: when it came by Kafka's clock, and what it holds; None is a tombstone."""
    if isinstance(record, Record):
        parts = _frame_parts(record)
    elif record is None or isinstance(record, RecordError):
        key = (message.key or b"").decode(errors="replace")
        parts = iter((key, "removed" if record is None else f"cannot be read: {record}"))
    else:
        parts = _number_parts(record)
    said = (f"{name}: {value}" for name, value in _headers(message).items() if name in _TOLD)
    return printable("  ".join((at(message.timestamp), *filter(None, parts), *said)))


def as_json(message: Received, record: AnyRecord | RecordError | None) -> str:
    """One JSON object: where the message is, its headers, and its `record` or the `error` for which it has none."""
    shown: dict[str, Any] = {
        "topic": message.topic,
        "partition": message.partition,
        "offset": message.offset,
        "timestamp": round(message.timestamp * 1e6),
        "headers": _headers(message),
    }
    if isinstance(record, RecordError):
        return json.dumps({**shown, "error": str(record)})
    return json.dumps({**shown, "record": record and without_picture(record)})


def without_picture(record: AnyRecord) -> dict[str, Any]:
    """A record as plain values; of a picture the number of its bytes, as `jpeg_bytes`."""
    if not isinstance(record, Record):
        plain: dict[str, Any] = msgspec.to_builtins(record)
        return plain
    bare: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(record, jpeg=b""))
    del bare["jpeg"]
    return {**bare, "jpeg_bytes": len(record.jpeg)}


def at(timestamp: float) -> str:
    """A time by this host's clock, to the millisecond."""
    return f"{time.strftime('%H:%M:%S', time.localtime(timestamp))}.{int(timestamp % 1 * 1000):03d}"


def _headers(message: Received) -> dict[str, str]:
    return {name: (value or b"").decode(errors="replace") for name, value in message.headers}


def _frame_parts(record: Record) -> Iterator[str]:
    yield record.source
    yield record.id
    yield f"{record.size_wh[0]}x{record.size_wh[1]}, {len(record.jpeg) / 1024:.0f} KiB"
    yield ", ".join(f"{found.label} {found.confidence:.2f}" for found in record.detections) or "nothing found"
    yield ", ".join(f"{hop.stage} {hop.took_us / 1000:.0f} ms" for hop in record.hops)
    if done := record.redaction:
        yield f"{done.covered:.0%} covered" + (f", doubt: {done.doubt}" if done.doubt else "")


def _number_parts(record: AnyRecord) -> Iterator[str]:
    for name, value in without_picture(record).items():
        if name != "v" and value is not None:
            yield f"{name}={len(value)}" if isinstance(value, list | tuple) and name != "size_wh" else f"{name}={value}"
