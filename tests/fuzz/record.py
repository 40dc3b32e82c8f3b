"""A record from the bus: refused with a short reason, or the same again after it was written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from streams.wire import records
from streams.wire.records import Record, RecordError

MAX_BYTES = 16_384
VECTORS = Path(__file__).parents[1] / "vectors"
# The reason goes into a header of the dead letter.
LONGEST_REASON = 2000


def one(data: bytes) -> None:
    """Read a record, make a frame of it and write that."""
    try:
        record = records.decode(data)
    except RecordError as error:
        reason = str(error)
    else:
        reason = ""
        _check_again(record)
    assert len(reason) <= LONGEST_REASON, reason


def _check_again(record: Record) -> None:
    again = records.from_frame(records.to_frame(record))
    assert records.decode(records.encode(again)) == record


def seeds() -> Iterator[bytes]:
    """The vectors of the wire format, good and bad."""
    for path in sorted(VECTORS.glob("*.msgpack")):
        yield path.read_bytes()
