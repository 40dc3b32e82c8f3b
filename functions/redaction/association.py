"""Association: which box of this frame is which box of the last ones, by overlap, and how fast it moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from functions.core.frame import XYXY, Size
from functions.core.xyxy import scaled
from functions.geometry.boxes import iou

_IOU_FROM = 0.3
# Above any IoU: the track's number decides.
_SAME_TRACK = 2


@dataclass(frozen=True)
class SeenBox:
    """A box detected at a time (µs), and its speed in pixels a microsecond."""

    at: int
    xyxy: XYXY
    track: int | None
    speed: tuple[float, float] = (0.0, 0.0)

    def predicted(self, at: int) -> XYXY:
        """Where it would be at another time (µs), at constant speed."""
        x, y = (speed * (at - self.at) for speed in self.speed)
        x1, y1, x2, y2 = self.xyxy
        return x1 + x, y1 + y, x2 + x, y2 + y

    def after(self, old: SeenBox) -> SeenBox:
        """This box with the speed at which it came from its earlier place."""
        if self.at <= old.at:
            return self
        (x, y), (old_x, old_y), took = _centre(self.xyxy), _centre(old.xyxy), self.at - old.at
        return replace(self, speed=((x - old_x) / took, (y - old_y) / took))

    def scaled(self, from_wh: Size, to_wh: Size) -> SeenBox:
        """This box in pixels of a picture of another size."""
        (dx, dy), (across, down) = self.speed, (to_wh[0] / from_wh[0], to_wh[1] / from_wh[1])
        return replace(self, xyxy=scaled(self.xyxy, from_wh, to_wh), speed=(dx * across, dy * down))

    def within(self, at: int, seconds: float) -> bool:
        """Whether it was detected no longer ago than that."""
        return abs(at - self.at) <= seconds * 1e6


def associate(now: Sequence[SeenBox], before: Sequence[SeenBox]) -> dict[int, int]:
    """The index of the earlier box of each box of now that has one, greedily by overlap, each used once."""
    matched: dict[int, int] = {}
    free = set(range(len(before)))
    overlaps = _overlaps(now, before)
    new, old = np.nonzero(overlaps >= _IOU_FROM)
    for index in np.argsort(-overlaps[new, old], kind="stable"):
        if new[index] not in matched and old[index] in free:
            matched[int(new[index])] = int(old[index])
            free.remove(old[index])
    return matched


def _overlaps(now: Sequence[SeenBox], before: Sequence[SeenBox]) -> NDArray[np.float64]:
    """IoU of each box of now (rows) with the predictions of those before; of one track 2, of two tracks 0."""
    predicted = np.array([each.predicted(now[0].at) for each in before] if now else [], np.float32).reshape(-1, 4)
    overlaps = np.zeros((len(now), len(predicted)))
    tracks = np.array([-1 if each.track is None else each.track for each in before])
    for row, each in enumerate(now):
        overlaps[row] = iou(np.array(each.xyxy, np.float32), predicted)
        if each.track is not None:
            overlaps[row] = np.where(tracks == each.track, _SAME_TRACK, np.where(tracks < 0, overlaps[row], 0))
    return overlaps


def _centre(xyxy: XYXY) -> tuple[float, float]:
    x1, y1, x2, y2 = xyxy
    return (x1 + x2) / 2, (y1 + y2) / 2
