"""Boxes that stay for a while: a detector that blinks for one frame shows nobody."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from functions.boxes import Floats, iou
from functions.frame import XYXY, Detection

# Frames that are remembered at most: a camera whose clock stands still must not fill the memory.
_FRAMES = 100
_SAME_FROM = 0.3


@dataclass(frozen=True)
class _Seen:
    """What was found in one frame, and how fast each of it moved, in pixels a microsecond."""

    at: int
    found: Sequence[Detection]
    xyxy: Floats
    speeds: Floats


class Hold:
    """What was found in the last frames of one source."""

    def __init__(self) -> None:
        self._last: deque[_Seen] = deque(maxlen=_FRAMES)

    def add(self, at: int, found: Sequence[Detection], hold_s: float) -> list[XYXY]:
        """What was found at a time (in microseconds), and the boxes from before it that are still to be covered.

        A box is covered where it was; one that vanished also where it would be by now.
        """
        self._forget(at, hold_s)
        xyxy = np.array([each.xyxy for each in found], np.float32).reshape(-1, 4)
        held = [box for seen in self._last for box in _still_covered(seen, at, xyxy)]
        self._last.append(_Seen(at, found, xyxy, self._speeds(at, found, xyxy)))
        return held

    def _forget(self, at: int, hold_s: float) -> None:
        near = [seen for seen in self._last if abs(at - seen.at) <= hold_s * 1e6]
        self._last = deque(near, maxlen=_FRAMES)

    def _speeds(self, at: int, found: Sequence[Detection], xyxy: Floats) -> Floats:
        speeds = np.zeros((len(found), 2), np.float32)
        if not self._last or at <= self._last[-1].at:
            return speeds
        before = self._last[-1]
        for index, each in enumerate(found):
            match = _same(each, xyxy[index], before)
            if match is not None:
                speeds[index] = (_centre(xyxy[index]) - _centre(before.xyxy[match])) / (at - before.at)
        return speeds


def _still_covered(seen: _Seen, at: int, current: Floats) -> Iterable[XYXY]:
    moved = (seen.xyxy + np.tile(seen.speeds * (at - seen.at), 2)).astype(np.float32)
    for old, new in zip(seen.xyxy, moved, strict=True):
        yield _box(old)
        if not len(current) or iou(new, current).max() < _SAME_FROM:
            yield _box(new)


def _same(found: Detection, xyxy: Floats, before: _Seen) -> int | None:
    """Which of the boxes before is the same: the one of its track, else the one it overlaps most."""
    if found.track is not None:
        return next((at for at, each in enumerate(before.found) if each.track == found.track), None)
    overlaps = iou(xyxy, before.xyxy)
    return int(overlaps.argmax()) if overlaps.max(initial=0) >= _SAME_FROM else None


def _centre(xyxy: Floats) -> Floats:
    return np.asarray((xyxy[:2] + xyxy[2:]) / 2, np.float32)


def _box(xyxy: Floats) -> XYXY:
    left, top, right, bottom = (float(value) for value in xyxy)
    return left, top, right, bottom
