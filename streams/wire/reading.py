"""From a Kafka message to the frame that it holds, for every consumer of frames."""

from __future__ import annotations

from typing import Protocol

from functions.core.frame import Frame
from streams.wire import records
from streams.wire.records import RecordError


class Keyed(Protocol):
    """The fields of a Kafka message that are read."""

    key: bytes | None
    value: bytes | None


def frame_of(message: Keyed, max_bytes: int) -> Frame:
    """The frame in a message whose key is its source. Raises RecordError; no pixel is decoded."""
    record = records.decode(message.value, max_bytes)
    key = None if message.key is None else message.key.decode(errors="replace")
    if key != record.source:
        raise RecordError(f"Expected the message key {record.source!r} (its source), got {key!r}")
    return records.to_frame(record)
