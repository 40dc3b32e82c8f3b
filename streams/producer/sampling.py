"""One run of a producer: every n-th frame of a source becomes a record."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from secrets import token_hex
from threading import Event

from functions.core.frame import Size
from functions.core.jpeg import JpegError, read_header
from streams.cameras.report import Tally
from streams.producer.backpressure import Backpressure
from streams.producer.sender import Sender
from streams.producer.urls import SourceError
from streams.video.decoding import Moment, Say
from streams.video.encoder import Encoder
from streams.video.shown import Shown
from streams.wire import records
from streams.wire.records import Record

# A frame may come so much of the interval early, and what is farther off than so many intervals is a jump.
_EARLY, _JUMP = 0.1, 3


def _now() -> int:
    return time.time_ns() // 1000


def _size_of(picture: bytes | Shown) -> Size:
    return read_header(picture).size_wh if isinstance(picture, bytes) else picture.size_wh


@dataclass
class Pace:
    """Which frames are sent: every so manyth, or `fps` a second by their times."""

    every: int = 1
    fps: float | None = None
    _due_s: float | None = None

    def is_due(self, seq: int, at_s: float) -> bool:
        """Whether this frame, at that time of its source, is one of them."""
        if self.fps is None:
            return seq % self.every == 0
        interval_s = 1 / self.fps
        # Times begin anew with each connection, and may jump: then from here on.
        if (
            self._due_s is None
            or not self._due_s - _JUMP * interval_s - 1 < at_s < self._due_s + _JUMP * interval_s + 1
        ):
            self._due_s = at_s
        if at_s < self._due_s - _EARLY * interval_s:
            return False
        self._due_s += interval_s
        return True


@dataclass
class Production:
    """One run: its parts, and counts of `skipped` and `left_out` frames."""

    name: str
    live: bool
    pace: Pace
    encoder: Encoder
    sender: Sender
    backpressure: Backpressure | None
    max_bytes: int
    stop: Event
    say: Say
    skipped: int = 0
    left_out: int = 0
    tally: Tally = field(default_factory=Tally)
    run_id: str = field(default_factory=lambda: token_hex(6))
    began_at: int = field(default_factory=_now)
    _last: int = 0

    def run(self, moments: Iterator[Moment]) -> None:
        """Send until the source ends or `stop` is set. Raises SourceError for a source without a frame."""
        seq = -1
        for seq, moment in enumerate(moments):
            if self.stop.is_set():
                return
            self.tally.came, self.tally.came_at_s, self.tally.seen_at = seq + 1, time.monotonic(), _now()
            if not moment.skipped and self.pace.is_due(seq, moment.at_s):
                self._send(seq, moment)
        if seq < 0 and not self.stop.is_set():
            raise SourceError(f"{self.name}: expected frames, got a source that has none")

    def _send(self, seq: int, moment: Moment) -> None:
        captured_at = max(_now() if self.live else self.began_at + round(moment.at_s * 1e6), self._last)
        self._last = captured_at  # a clock that is set back does not go back within a run
        try:
            picture = moment.picture()
            jpeg, size_wh = self.encoder.encode(picture)
        except JpegError as error:
            self.left_out += 1
            # For a file each is reported; for a camera, which may send nothing else for hours, each power of two.
            if not self.live or self.left_out.bit_count() == 1:
                self.say(f"frame {seq} is left out: {error}")
            return
        self.tally.size_wh = size_wh if jpeg is picture else _size_of(picture)
        self.tally.health.look(jpeg, time.monotonic())
        value = records.encode(self._record(seq, captured_at, jpeg, size_wh), self.max_bytes)
        if self.backpressure:
            self.backpressure.acquire(len(value), lambda: self.sender.pending, self.stop)
        if self.sender.send(value):
            self.tally.sent += 1
        elif self.live:
            self.skipped += 1

    def _record(self, seq: int, captured_at: int, jpeg: bytes, size_wh: Size) -> Record:
        return Record(
            id=f"{self.run_id}-{seq}",
            source=self.name,
            seq=seq,
            captured_at=captured_at,
            live=self.live,
            size_wh=size_wh,
            detections=[],
            hops=[],
            redaction=None,
            jpeg=jpeg,
        )
