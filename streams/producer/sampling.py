"""One run of a producer: every n-th frame of a source becomes a record."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from secrets import token_hex
from threading import Event

from functions.core.frame import Size
from functions.core.jpeg import JpegError
from streams.producer.backpressure import Backpressure
from streams.producer.sender import Sender
from streams.producer.urls import SourceError
from streams.video.decoding import Moment, Say
from streams.video.encoder import Encoder
from streams.wire import records
from streams.wire.records import Record


def _now() -> int:
    return time.time_ns() // 1000


@dataclass
class Production:
    """One run: its parts, and counts of `skipped` and `left_out` frames."""

    name: str
    live: bool
    every: int
    encoder: Encoder
    sender: Sender
    backpressure: Backpressure | None
    max_bytes: int
    stop: Event
    say: Say
    skipped: int = 0
    left_out: int = 0
    run_id: str = field(default_factory=lambda: token_hex(6))
    began_at: int = field(default_factory=_now)

    def run(self, moments: Iterator[Moment]) -> None:
        """Send until the source ends or `stop` is set. Raises SourceError for a source without a frame."""
        seq = -1
        for seq, moment in enumerate(moments):
            if self.stop.is_set():
                return
            if seq % self.every == 0:
                self._send(seq, moment)
        if seq < 0 and not self.stop.is_set():
            raise SourceError(f"{self.name}: expected frames, got a source that has none")

    def _send(self, seq: int, moment: Moment) -> None:
        captured_at = _now() if self.live else self.began_at + round(moment.at_s * 1e6)
        try:
            jpeg, size_wh = self.encoder.encode(moment.picture())
        except JpegError as error:
            self.left_out += 1
            # For a file each is reported; for a camera, which may send nothing else for hours, each power of two.
            if not self.live or self.left_out.bit_count() == 1:
                self.say(f"frame {seq} is left out: {error}")
            return
        value = records.encode(self._record(seq, captured_at, jpeg, size_wh), self.max_bytes)
        if self.backpressure:
            self.backpressure.acquire(len(value), lambda: self.sender.pending, self.stop)
        if not self.sender.send(value) and self.live:
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
