"""Boxes that stay for a while: a detector that blinks, or a sign that somebody passes behind, shows nobody."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from functions.core.frame import XYXY, Detection
from functions.geometry.masks import Mask, pixels
from functions.redaction.association import Seen, pairs

# Frames and boxes that are remembered at most: a clock that stands still must not fill the memory.
_FRAMES, _BOXES = 100, 2000
# Who was lost is still there while a tenth of their box moves, which is no more than a head; but not for ever, since
# others move there, too.
_MOVES_FROM = 0.1
_LINGERS_S = 3.0


class Hold:
    """What was found in the last frames of one source."""

    def __init__(self) -> None:
        self._frames: deque[list[Seen]] = deque(maxlen=_FRAMES)
        self._boxes: list[Seen] = []

    def add(self, at: int, found: Sequence[Detection], hold_s: float, moving: Mask | None = None) -> list[XYXY]:
        """Take in what was found at a time (in microseconds); the boxes from before that are still to be covered.

        A box is covered where it was. One that vanished is covered where it would be by now, too, and where it was for
        as long as something is `moving` there.
        """
        found_now = [Seen(at, each.xyxy, each.track) for each in found]
        before = pairs(found_now, self._boxes)
        now = [
            each.after(self._boxes[before[index]]) if index in before else each for index, each in enumerate(found_now)
        ]
        gone = set(range(len(self._boxes))) - set(before.values())
        lost = [self._boxes[index] for index in sorted(gone) if _lingers(self._boxes[index], at, hold_s, moving)]
        held = [each.xyxy for frame in self._frames for each in frame if each.within(at, hold_s)]
        held += [each.xyxy for each in lost]
        held += [each.moved(at) for each in lost if each.within(at, hold_s)]
        self._boxes = [*now, *lost][:_BOXES]
        self._frames = deque((frame for frame in self._frames if frame and frame[0].within(at, hold_s)), maxlen=_FRAMES)
        self._frames.append(now)
        return held


def _lingers(lost: Seen, at: int, hold_s: float, moving: Mask | None) -> bool:
    if lost.within(at, hold_s):
        return True
    if moving is None or not lost.within(at, _LINGERS_S):
        return False
    part = moving[pixels(lost.xyxy)]
    return bool(part.size and np.count_nonzero(part) >= _MOVES_FROM * part.size)
