"""Boxes from one frame to the next: which is the same, and how fast it moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from functions.core.frame import XYXY
from functions.geometry.boxes import iou

_SAME_FROM = 0.3


@dataclass(frozen=True)
class Seen:
    """A box that was there at a time, and its speed in pixels a microsecond."""

    at: int
    xyxy: XYXY
    track: int | None
    speed: tuple[float, float] = (0.0, 0.0)

    def moved(self, at: int) -> XYXY:
        """Where it would be at another time."""
        x, y = (speed * (at - self.at) for speed in self.speed)
        x1, y1, x2, y2 = self.xyxy
        return x1 + x, y1 + y, x2 + x, y2 + y

    def after(self, old: Seen) -> Seen:
        """The same with the speed at which it came here from where it was."""
        if self.at <= old.at:
            return self
        (x, y), (old_x, old_y), took = _centre(self.xyxy), _centre(old.xyxy), self.at - old.at
        return replace(self, speed=((x - old_x) / took, (y - old_y) / took))

    def within(self, at: int, seconds: float) -> bool:
        """Whether it was there not longer ago than that."""
        return abs(at - self.at) <= seconds * 1e6


def pairs(now: Sequence[Seen], before: Sequence[Seen]) -> dict[int, int]:
    """Which box of now is which of before, as indices: each one once, so that who passes another claims one only."""
    claimed: dict[int, int] = {}
    free = set(range(len(before)))
    overlaps = _overlaps(now, before)
    new, old = np.nonzero(overlaps >= _SAME_FROM)
    for index in np.argsort(-overlaps[new, old], kind="stable"):
        if new[index] not in claimed and old[index] in free:
            claimed[int(new[index])] = int(old[index])
            free.remove(old[index])
    return claimed


def _overlaps(now: Sequence[Seen], before: Sequence[Seen]) -> NDArray[np.float64]:
    """IoU of each box now (rows) with where each before would be by now; of one track 2, of two tracks 0."""
    moved = np.array([each.moved(now[0].at) for each in before] if now else [], np.float32).reshape(-1, 4)
    overlaps = np.zeros((len(now), len(moved)))
    tracks = np.array([-1 if each.track is None else each.track for each in before])
    for row, each in enumerate(now):
        overlaps[row] = iou(np.array(each.xyxy, np.float32), moved)
        if each.track is not None:
            overlaps[row] = np.where(tracks == each.track, 2, np.where(tracks < 0, overlaps[row], 0))
    return overlaps


def _centre(xyxy: XYXY) -> tuple[float, float]:
    x1, y1, x2, y2 = xyxy
    return (x1 + x2) / 2, (y1 + y2) / 2
