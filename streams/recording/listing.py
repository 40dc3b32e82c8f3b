"""What is recorded, as lines of text: each source's days, and what is missing in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

from tqdm import tqdm

from streams.recording import folder
from streams.recording.chosen import Recording
from streams.recording.numbers import Gap, head_of, summary_of
from streams.wire.names import printable

_GAPS = 10  # of a day, the longest first


def listing(recording: Recording) -> Iterator[str]:
    """A line a recording, a line a source and day, a line a gap. Raises OSError."""
    conf, kind = recording.conf, "redacted" if recording.redacted else "raw"
    bounds = f"at most {conf.keep_days:g} days and {conf.keep_gb:g} GB"
    yield f"{recording.name}: {conf.topic} ({kind}) in {conf.dir}, {bounds}"
    if not recording.root.is_dir():
        yield "  nothing yet"
        return
    for name, source in folder.sources(recording.root).items():
        for day in folder.days(recording.root, name):
            files = sorted(folder.files_of_day(recording.root, name, day), key=lambda file: file.starts_s)
            yield from _day(source, day, files)


def _day(source: str, day: str, files: list[folder.File]) -> Iterator[str]:
    frames = doubts = size = 0
    ends_at = 0
    gaps: list[tuple[Gap, int]] = []
    for file in tqdm(files, desc=day, unit=" files", disable=None, leave=False):
        with suppress(OSError):  # removed meanwhile
            head, summary = head_of(file.numbers), summary_of(file.numbers)
            frames, doubts, size = frames + summary.frames, doubts + summary.doubts, size + file.bytes
            ends_at = max(ends_at, summary.ends_at)
            if head and head.gap:
                gaps.append((head.gap, head.starts_at))
    if not files:
        return
    doubted = f", {doubts:,} in doubt" if doubts else ""
    yield printable(
        f"  {source}  {day}  {clock(files[0].starts_s)} to {clock(ends_at / 1e6)} UTC  "
        f"{len(files):,} files, {size / 1e6:,.1f} MB, {frames:,} frames{doubted}"
    )
    gaps.sort(key=lambda pair: pair[0].since - pair[1])
    for gap, until in gaps[:_GAPS]:
        yield f"    missing {moment(gap.since / 1e6)} to {clock(until / 1e6)}: {gap.why}"
    if more := gaps[_GAPS:]:
        yield f"    and {len(more):,} shorter ones"


def clock(seconds: float) -> str:
    """A time of day, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S")


def moment(seconds: float) -> str:
    """A day and a time, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
