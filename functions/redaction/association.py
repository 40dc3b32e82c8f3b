"""Association: which box of this frame continues which tracklet, by overlap with where that one is predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from functions.core.frame import XYXY
from functions.geometry.boxes import Floats, iou

_IOU_FROM = 0.3
# Above any IoU: the track's number decides.
_SAME_TRACK = 2
_NO_TRACK = -1
# Boxes over which the speed for a prediction is taken: the step of one pair is mostly noise.
_RECENT = 4


@dataclass(frozen=True)
class SeenBox:
    """A box detected at a time (µs), in shares of the picture, so that a change of its size moves nothing."""

    at: int
    xyxy: XYXY
    confidence: float
    track: int | None = None


@dataclass
class Tracklet:
    """The boxes of one person in the last moments, in the order in which they came, and the greatest confidence."""

    boxes: list[SeenBox]
    confidence: float = 0.0

    @property
    def last(self) -> SeenBox:
        """The newest box."""
        return self.boxes[-1]

    def between(self, start: float, end: float) -> list[SeenBox]:
        """The boxes of that time (µs)."""
        return [each for each in self.boxes if start <= each.at <= end]

    def predicted(self, at: int) -> XYXY:
        """Where it would be at another time (µs), at the speed of its last boxes."""
        old, last = self.boxes[-_RECENT:][0], self.last
        took = last.at - old.at
        if took <= 0:
            return last.xyxy
        (x1, y1, x2, y2), (old_x1, old_y1, old_x2, old_y2) = last.xyxy, old.xyxy
        halves = (at - last.at) / took / 2
        across, down = halves * (x1 + x2 - old_x1 - old_x2), halves * (y1 + y2 - old_y1 - old_y2)
        return x1 + across, y1 + down, x2 + across, y2 + down


def associate(now: Sequence[SeenBox], tracklets: Sequence[Tracklet]) -> dict[int, int]:
    """The index of the tracklet that each box of now continues, if any, greedily by overlap, each used once."""
    matched: dict[int, int] = {}
    free = set(range(len(tracklets)))
    overlaps = _overlaps(now, tracklets)
    new, old = np.nonzero(overlaps >= _IOU_FROM)
    for index in np.argsort(-overlaps[new, old], kind="stable"):
        if new[index] not in matched and old[index] in free:
            matched[int(new[index])] = int(old[index])
            free.remove(old[index])
    return matched


def moved_to(at: int, boxes: Sequence[SeenBox]) -> NDArray[np.float64]:
    """All boxes (n, 4) of a tracklet, each moved at the median speed to where it would be at that time (µs)."""
    times = np.array([each.at for each in boxes], np.float64)
    xyxy = np.array([each.xyxy for each in boxes], np.float64)
    ways = _median_speed(times, _centres(xyxy)) * (at - times)[:, None]
    moved: NDArray[np.float64] = xyxy + np.concatenate([ways, ways], axis=1)
    return moved


def _median_speed(times: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """In shares of the picture a microsecond, over pairs a third of the boxes apart: neighbours are mostly noise."""
    apart = max(1, len(times) // 3)
    took = times[apart:] - times[:-apart]
    steps = centres[apart:] - centres[:-apart]
    forward = took > 0  # not so where the clock stands still, or is set back
    if not forward.any():
        return np.zeros(2)
    # np.median takes ten times as long over so few.
    speeds = np.sort(steps[forward] / took[forward, None], axis=0)
    median: NDArray[np.float64] = (speeds[(len(speeds) - 1) // 2] + speeds[len(speeds) // 2]) / 2
    return median


def _overlaps(now: Sequence[SeenBox], tracklets: Sequence[Tracklet]) -> Floats:
    """IoU of each box of now (rows) with the predictions of the tracklets; of one track 2, of two tracks 0."""
    if not now or not tracklets:
        return np.zeros((len(now), len(tracklets)), np.float32)
    boxes = np.array([each.xyxy for each in now], np.float32)
    predicted = np.array([each.predicted(now[0].at) for each in tracklets], np.float32)
    own, others = _tracks(now)[:, None], _tracks([each.last for each in tracklets])
    told = (own != _NO_TRACK) & (others != _NO_TRACK)
    overlaps: Floats = np.where(told, np.where(own == others, _SAME_TRACK, 0), iou(boxes[:, None], predicted))
    return overlaps


def _tracks(boxes: Sequence[SeenBox]) -> NDArray[np.int64]:
    return np.array([_NO_TRACK if each.track is None else each.track for each in boxes], np.int64)


def _centres(xyxy: NDArray[np.float64]) -> NDArray[np.float64]:
    centres: NDArray[np.float64] = (xyxy[..., :2] + xyxy[..., 2:]) / 2
    return centres
