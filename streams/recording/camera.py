"""One source while it is recorded: which file its next frame belongs to, and what is missing before it."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av

from functions.core.frame import Frame, run_of
from functions.core.jpeg import JpegError
from streams.recording import folder
from streams.recording.disk import Disk
from streams.recording.erased import ErasedHere
from streams.recording.folder import MINUTE_S
from streams.recording.numbers import Gap, Head, Numbers, chain_of, numbers_of, read
from streams.recording.retention import Retention
from streams.recording.segment import Segment
from streams.wire.names import printable, safe

log = logging.getLogger(__name__)
_MINUTE_US = MINUTE_S * 1_000_000
# Without frames for longer than this, and than thrice the time between the last two, something is missing.
GAP_US = 10_000_000
_IDLE_S = 60.0
SILENT, STOPPED, FULL, ERASED = "no frame came", "the recorder did not run", "the disk was full", "erased"
BACK = "the camera's clock went back"


@dataclass(frozen=True)
class Place:
    """What all sources of one recording share; `redacted` says of the topic that nothing else may be on it."""

    root: Path
    topic: str
    redacted: bool
    disk: Disk
    erased: ErasedHere
    retention: Retention


class Camera:
    """Records one source, from where its newest file ends on. Raises OSError where that cannot be read."""

    def __init__(self, source: str, place: Place) -> None:
        self.source, self._place = source, place
        self._segment: Segment | None = None
        self._last = _last_recorded(place.root, safe(source))
        self._recorded_to = self._last.at if self._last else None
        self._step_us = 0
        self._why = STOPPED
        self.taken_at = time.monotonic()

    @property
    def unwritten(self) -> Numbers | None:
        """The first frame that is not on disk yet."""
        return self._segment.unwritten if self._segment else None

    def take(self, frame: Frame, place: tuple[int, int]) -> None:
        """Record a frame, unless it is recorded or erased; its place is partition and offset. Raises JpegError."""
        self.taken_at = time.monotonic()
        numbers = numbers_of(frame, place)
        if self._last and _repeats(numbers, self._last):
            return
        image = frame.image
        if not self._place.disk.may_be_tried:
            self._place.disk.dropped += 1
            return
        try:
            segment = self._segment_for(frame, numbers)
            if segment is None:
                self._why, self._last = ERASED, numbers
                return
            before = segment.bytes
            segment.write(image, numbers, chain_of(frame))
            self._wrote(segment.bytes - before)
        except av.FFmpegError as error:
            raise JpegError(f"Expected a picture that can be encoded, got one of {frame.size_wh}: {error}") from None
        except OSError as error:
            self._failed(error)
            return
        self._step_us = numbers.at - self._last.at if self._last else 0
        self._last, self._recorded_to, self._why = numbers, numbers.at, SILENT

    def end_idle(self) -> None:
        """End a file to which nothing has been added for a minute."""
        if self._segment and time.monotonic() - self.taken_at > _IDLE_S:
            self.close()

    def close(self) -> None:
        """End the file that is written."""
        segment, self._segment = self._segment, None
        if segment is None:
            return
        if segment.is_gone:
            segment.drop()
            return
        before = segment.bytes
        try:
            segment.close()
            self._wrote(segment.bytes - before)
        except OSError as error:
            self._place.disk.failed(error)
            self._why = FULL

    @property
    def _most_us(self) -> int:
        """The longest time between two frames in which none is missing."""
        return max(GAP_US, 3 * self._step_us)

    def _segment_for(self, frame: Frame, numbers: Numbers) -> Segment | None:
        """The file of a frame; None where its time was erased."""
        if self._segment and self._segment.is_gone:
            self._segment.drop()
            self._segment = None
            self._why = ERASED
        if self._segment and not self._fits(self._segment, frame):
            self.close()
        if self._segment is None:
            self._segment = self._begun(frame, numbers)
        return self._segment

    def _fits(self, segment: Segment, frame: Frame) -> bool:
        assert self._last
        passed_us = frame.captured_at - self._last.at
        same_minute = frame.captured_at // _MINUTE_US == segment.head.starts_at // _MINUTE_US
        return same_minute and frame.size_wh == segment.head.size_wh and 0 < passed_us <= self._most_us

    def _begun(self, frame: Frame, numbers: Numbers) -> Segment | None:
        root, at, erased = self._place.root, numbers.at, self._place.erased
        if erased.covers(self.source, at):
            return None
        head = Head(
            source=self.source,
            topic=self._place.topic,
            redacted=self._place.redacted,
            size_wh=frame.size_wh,
            starts_at=at,
            gap=self._gap(at),
        )
        segment = Segment(folder.new_file(folder.folder_of(root, self.source), at / 1e6), head)
        # Once more with the file there: who erases at this moment either sees the file, or is seen here.
        if erased.covers(self.source, at):
            segment.drop()
            return None
        self._wrote(segment.bytes)
        if head.gap and head.gap.why != ERASED:
            text = "%s: nothing recorded for %.0f s: %s"
            lost_s = (at - head.gap.since) / 1e6
            fields = {"source": self.source, "gap_s": round(lost_s, 1), "why": head.gap.why}
            log.warning(text, printable(self.source), lost_s, head.gap.why, extra={"fields": fields})
        return segment

    def _gap(self, at: int) -> Gap | None:
        since = self._recorded_to
        if since is None or (0 <= at - since <= self._most_us and self._why not in (FULL, ERASED)):
            return None
        return Gap(since, BACK if at < since else self._why)

    def _wrote(self, count: int) -> None:
        if count:
            self._place.disk.worked()
            self._place.retention.grow(count)

    def _failed(self, error: OSError) -> None:
        self._place.disk.failed(error)
        self._place.disk.dropped += 1
        self._why = FULL
        if self._segment:
            self._recorded_to = self._segment.ends_at or self._segment.head.starts_at
            self._segment.drop()
            self._segment = None


def _repeats(frame: Numbers, last: Numbers) -> bool:
    return frame.at <= last.at and frame.seq <= last.seq and run_of(frame.id) == run_of(last.id)


def _last_recorded(root: Path, name: str) -> Numbers | None:
    """The last frame of a source's newest file."""
    if not (root / name).is_dir():
        return None
    for file in reversed(folder.files(root, name)):
        with suppress(FileNotFoundError):  # killed as it was begun
            if frames := [line for line in read(file.numbers) if isinstance(line, Numbers)]:
                return frames[-1]
    return None
