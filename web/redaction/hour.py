"""The last hour of each camera as redacted frames tell it: how much was hidden, what was in doubt, what never came out.

Kept in memory only: ten seconds a slice, a bounded number of cameras.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import takewhile

from msgspec import Struct

from streams.wire.records import Record
from web.redaction.missing import Missing

SLICE_S, SLICES = 10, 360
# Shares are sums over pixels: what rounds to all of the picture is all of it.
_ALL_OF_IT = 0.9995
_RECENT_S = 30


class Slice(Struct):
    """Ten seconds of one camera; `covered` is the sum of the frames' hidden shares, `most` the largest of them.

    `whole` frames were wholly hidden, `doubts` in doubt, the last one for the reason `doubt`; `missing` never came out.
    """

    at: int  # seconds since the epoch, by this viewer's clock
    frames: int = 0
    covered: float = 0.0
    most: float = 0.0
    whole: int = 0
    doubts: int = 0
    doubt: str = ""
    missing: int = 0


class Summary(Struct, frozen=True):
    """The same of an hour; shares from 0 to 1, `missing` is None where raw frames cannot be read, hence not counted."""

    frames: int
    covered: float
    most: float
    whole: int
    doubts: int
    doubt: str
    missing: int | None


class _Camera:
    def __init__(self) -> None:
        self.slices: deque[Slice] = deque(maxlen=SLICES)
        self.missing = Missing()
        self.last_id = ""

    def now(self, at: int) -> Slice:
        """The slice of this time; of a clock that was set back, the last one."""
        if not self.slices or self.slices[-1].at < at:
            self.slices.append(Slice(at))
        return self.slices[-1]


class LastHour:
    """Takes the frames of one redacted topic, and of the raw one before it; `clock` as time.time().

    Of more cameras than `places` those make room that sent in the fewest slices: names without end evict one another.
    """

    def __init__(
        self, raw: str | None, redacted: str | None, places: int, clock: Callable[[], float] = time.time
    ) -> None:
        self.topic = redacted
        self._raw, self._places, self._clock = raw, places, clock
        self._cameras: dict[str, _Camera] = {}

    def take(self, topic: str, record: Record) -> None:
        """A frame of any topic."""
        if topic == self.topic:
            self._take_redacted(record)
        elif topic == self._raw and record.live:
            camera = self._camera(record.source)
            late = camera.missing.wait_for(record.seq, self._clock())
            if late:
                camera.now(self._at).missing += late

    def skipped(self) -> None:
        """Records were skipped unread: those that are waited for may be among them."""
        for camera in self._cameras.values():
            camera.missing.forget()

    @property
    def sources(self) -> list[str]:
        """The cameras that had a redacted frame in the last hour."""
        return sorted(filter(self.is_shown, self._cameras))

    def is_shown(self, source: str) -> bool:
        """Whether a camera had a redacted frame in the last hour: of others only operators may know."""
        return any(each.frames for each in self.slices(source))

    def slices(self, source: str) -> list[Slice]:
        """The slices of the last hour, the oldest first; those without anything are left out."""
        camera = self._cameras.get(source)
        since = self._at - SLICE_S * SLICES
        newest_first = takewhile(lambda each: each.at > since, reversed(camera.slices)) if camera else iter(())
        return list(newest_first)[::-1]

    def summary(self, source: str) -> Summary:
        """What they come to."""
        slices = self.slices(source)
        frames = sum(each.frames for each in slices)
        counts = source in self._cameras and self._cameras[source].missing.counts
        return Summary(
            frames=frames,
            covered=sum(each.covered for each in slices) / frames if frames else 0.0,
            most=max((each.most for each in slices), default=0.0),
            whole=sum(each.whole for each in slices),
            doubts=sum(each.doubts for each in slices),
            doubt=next((each.doubt for each in reversed(slices) if each.doubt), ""),
            missing=sum(each.missing for each in slices) if counts else None,
        )

    def is_stuck(self, source: str) -> bool:
        """Whether frames were captured in the last half minute, and none came out."""
        recent = [each for each in self.slices(source) if each.at > self._at - _RECENT_S]
        return sum(each.missing for each in recent) > 0 and not any(each.frames for each in recent)

    def _take_redacted(self, record: Record) -> None:
        done, camera = record.redaction, self._camera(record.source)
        if done is None or record.id == camera.last_id:  # a stage that was started again repeats its last frame
            return
        camera.last_id = record.id
        camera.missing.came(record.seq)
        now = camera.now(self._at)
        now.frames += 1
        now.covered += done.covered
        now.most = max(now.most, done.covered)
        now.whole += done.covered >= _ALL_OF_IT
        if done.doubt is not None:
            now.doubts += 1
            now.doubt = done.doubt

    @property
    def _at(self) -> int:
        return int(self._clock()) // SLICE_S * SLICE_S

    def _camera(self, source: str) -> _Camera:
        if (camera := self._cameras.get(source)) is None:
            if len(self._cameras) >= self._places:
                del self._cameras[min(self._cameras, key=self._worth)]
            camera = self._cameras[source] = _Camera()
        return camera

    def _worth(self, source: str) -> tuple[int, int]:
        slices = self._cameras[source].slices
        return len(slices), slices[-1].at if slices else 0


def by_slice(slices: list[Slice]) -> Iterator[tuple[int, int, float, float, int, int, str, int]]:
    """As rows: from when, frames, mean and largest hidden share, wholly hidden, in doubt and why, missing."""
    for each in slices:
        mean = each.covered / each.frames if each.frames else 0.0
        counts = (each.whole, each.doubts, each.doubt, each.missing)
        yield each.at, each.frames, round(mean, 4), round(each.most, 4), *counts
