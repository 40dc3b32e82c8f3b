"""The numbers beside a recorded file: JSON lines, one a frame, never a picture, a box or a track."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from functions.core.frame import Frame, Size

SUFFIX = ".jsonl"
_LABELS = 32  # of a frame; what is found beyond them is summed up
MORE = "others"
_CHAIN_BYTES = 8192
_TAIL_BYTES = 4096


class Gap(Struct, frozen=True):
    """Time of which there is no picture: since when (µs since the epoch; up to the first frame), and why."""

    since: int
    why: str


class Head(Struct, frozen=True, kw_only=True, tag_field="is", tag="file"):
    """The first line: what is recorded here; `redacted` says that nothing else was let in."""

    source: str
    topic: str
    redacted: bool
    size_wh: Size
    starts_at: int
    gap: Gap | None = None
    v: int = 1


class Step(Struct, frozen=True):
    """A stage that frames passed."""

    stage: str
    function: str
    version: str
    options: dict[str, Any]


class Chain(Struct, frozen=True, kw_only=True, tag_field="is", tag="chain"):
    """What the frames that follow went through, and what was hidden in them how; written where it changes."""

    steps: list[Step]
    labels: list[str] = []
    style: str = ""


class Numbers(Struct, frozen=True, kw_only=True, tag_field="is", tag="frame"):
    """One frame: how many of each label were found, which share of it is covered, and whether that is in doubt.

    `partition` and `offset` are its place on the topic.
    """

    at: int
    id: str
    seq: int
    found: dict[str, int]
    covered: float | None
    doubt: str | None
    partition: int
    offset: int


class Summary(Struct, frozen=True, kw_only=True, tag_field="is", tag="end"):
    """The last line of a file that was ended: its frames, the most found at once, how many were in doubt."""

    ends_at: int
    frames: int
    found: dict[str, int]
    doubts: int
    covered: float


Line = Head | Chain | Numbers | Summary
_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def encode(line: Line) -> bytes:
    """One line."""
    return msgspec.json.encode(line) + b"\n"


def numbers_of(frame: Frame, place: tuple[int, int]) -> Numbers:
    """The numbers of a frame at this partition and offset."""
    counts = Counter(found.label for found in frame.detections).most_common()
    more = sum(count for _, count in counts[_LABELS:])
    done = frame.redaction
    return Numbers(
        at=frame.captured_at,
        id=frame.id,
        seq=frame.seq,
        found=dict(counts[:_LABELS]) | ({MORE: more} if more else {}),
        covered=round(done.covered, 4) if done else None,
        doubt=done.doubt if done else None,
        partition=place[0],
        offset=place[1],
    )


def chain_of(frame: Frame) -> Chain:
    """What a frame went through; without its options, then without all of it, where that is very long."""
    steps = [Step(hop.stage, hop.function, hop.version, dict(hop.options)) for hop in frame.hops]
    done = frame.redaction
    chain = Chain(steps=steps, labels=list(done.labels) if done else [], style=done.style if done else "")
    for bare in (chain, msgspec.structs.replace(chain, steps=[msgspec.structs.replace(s, options={}) for s in steps])):
        if len(encode(bare)) <= _CHAIN_BYTES:
            return bare
    return Chain(steps=[])


class Tally:
    """Sums up frames."""

    def __init__(self) -> None:
        self._ends_at, self._frames, self._doubts, self._covered = 0, 0, 0, 0.0
        self._found: dict[str, int] = {}

    def add(self, frame: Numbers) -> None:
        self._ends_at = frame.at
        self._frames += 1
        self._doubts += frame.doubt is not None
        self._covered += frame.covered or 0.0
        for label, count in frame.found.items():
            if label in self._found or len(self._found) < _LABELS:
                self._found[label] = max(count, self._found.get(label, 0))

    @property
    def summary(self) -> Summary:
        covered = round(self._covered / max(self._frames, 1), 4)
        return Summary(
            ends_at=self._ends_at, frames=self._frames, found=self._found, doubts=self._doubts, covered=covered
        )


def read(path: Path) -> Iterator[Line]:
    """The lines of a file; one that was cut short is left out. Raises OSError."""
    with path.open("rb") as file:
        for line in file:
            try:
                yield _decoder.decode(line)
            except (msgspec.DecodeError, RecursionError):
                continue


def head_of(path: Path) -> Head | None:
    """The first line of a file. Raises OSError."""
    first = next(read(path), None)
    return first if isinstance(first, Head) else None


def written_summary_of(path: Path) -> Summary | None:
    """The last line of a file that was ended; None of one that is being written, or was cut short. Raises OSError."""
    with path.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
        last = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    try:
        line = _decoder.decode(last)
    except (msgspec.DecodeError, RecursionError):
        line = None
    return line if isinstance(line, Summary) else None


def summary_of(path: Path) -> Summary:
    """A file in sum: its last line where it was ended, else made of all of its lines. Raises OSError."""
    return written_summary_of(path) or counted_summary_of(path)


def counted_summary_of(path: Path) -> Summary:
    """The same, made of all lines of a file. Raises OSError."""
    tally = Tally()
    for each in read(path):
        if isinstance(each, Numbers):
            tally.add(each)
    return tally.summary
