"""The newest numbers of each source, as frames, cameras and counting tell them: what MQTT is told."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from functions.core.frame import Frame
from functions.core.labels import plain
from functions.counting.windows import LATEST
from streams.cameras.states import Told
from streams.wire.counts import Counted

PERSON = "person"
_MOST_SOURCES = 4096
# Something was found within so long.
_ACTIVE_S = 10.0


@dataclass(frozen=True)
class InPicture:
    """People in the newest frame of a source, and when anything was found in one last, by time.monotonic()."""

    people: int
    found_at: float

    @property
    def is_active(self) -> bool:
        """Whether anything was found of late."""
        return time.monotonic() - self.found_at < _ACTIVE_S


@dataclass
class Numbers:
    """What is known now; `counts` are those of the newest day, by source and (None) of all."""

    pictures: dict[str, InPicture] = field(default_factory=dict)
    cameras: Mapping[str, Told] = field(default_factory=dict)
    counts: dict[str | None, Counted] = field(default_factory=dict)

    def see(self, frame: Frame) -> None:
        """Take in a frame."""
        before = self.pictures.pop(frame.source, None)
        found_at = time.monotonic() if frame.detections else before.found_at if before else float("-inf")
        people = sum(plain(each.label) == PERSON for each in frame.detections)
        self.pictures[frame.source] = InPicture(people, found_at)
        if len(self.pictures) > _MOST_SOURCES:  # whoever may write can make up names
            del self.pictures[next(iter(self.pictures))]

    def count(self, counted: Counted) -> None:
        """Take in a count, where it is of the newest day."""
        before = self.counts.get(counted.source)
        if counted.window != "day" or max(counted.starts_at, counted.ends_at or 0) > LATEST:
            return
        if before and counted.starts_at < before.starts_at:
            return
        if before or len(self.counts) < _MOST_SOURCES:
            self.counts[counted.source] = counted
