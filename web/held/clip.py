"""A clip of frames that the bus still holds, by the encoder of recordings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from functions.core.errors import UsageError
from functions.core.jpeg import JpegError
from streams.wire.names import safe
from streams.wire.records import Record, to_frame

# Of a clip in memory.
_MOST_BYTES = 64 << 20


def mp4_of(records: Iterable[Record]) -> bytes:
    """One video, true to capture time; empty where no picture can be decoded. Repeats are left out.

    Raises UsageError where it grows too large, or the pictures change their size.
    """
    from streams.recording.fragments import FragmentedMp4  # libav, which is loaded only where a clip is wanted

    data = bytearray()
    mp4, first, last = None, None, None
    for record in records:
        if last and record.captured_at <= last.captured_at:
            continue
        if last and record.size_wh != last.size_wh:
            raise UsageError(_two_sizes(last, record))
        try:
            image = to_frame(record).image
        except JpegError:
            continue
        mp4, first, last = mp4 or FragmentedMp4(record.size_wh), first or record, record
        data += mp4.encode(image, record.captured_at - first.captured_at)
        if len(data) > _MOST_BYTES:
            raise UsageError(f"Expected a clip of at most {_MOST_BYTES >> 20} MiB, got a larger one: choose less time")
    return bytes(data + mp4.close()) if mp4 else b""


def name_of(source: str, topic: str, since: int) -> str:
    """The name of its file, which tells a raw one by its topic; `since` in µs since the epoch."""
    return f"{safe(source)}-{safe(topic)}-{_moment(since):%Y-%m-%dT%H-%M-%SZ}.mp4"


def _two_sizes(last: Record, record: Record) -> str:
    was, now = (f"{each.size_wh[0]}x{each.size_wh[1]}" for each in (last, record))
    at = _moment(record.captured_at)
    return f"Expected pictures of one size, got {was}, and {now} from {at:%H:%M:%S} UTC on: choose one part of it"


def _moment(us: int) -> datetime:
    return datetime.fromtimestamp(us / 1e6, UTC)
