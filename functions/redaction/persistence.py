"""Persistence: a box stays covered for a while after its detection vanished, so that a missed frame shows nobody."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from functions.core.frame import XYXY, Detection, Size
from functions.geometry.masks import Mask, pixels
from functions.redaction.association import SeenBox, associate

# Bounds on what is remembered: a clock that stands still must not fill the memory.
_MAX_FRAMES, _MAX_BOXES = 100, 2000
# A lost box stays while this share of it moves, which is no more than a head; for a bounded time, since others may move
# there, too.
_MOVES_FROM = 0.1
_MOVES_FOR_S = 3.0


class Persistence:
    """The boxes to hide in the last frames of one source."""

    def __init__(self) -> None:
        self._frames: deque[list[SeenBox]] = deque(maxlen=_MAX_FRAMES)
        self._boxes: list[SeenBox] = []
        self._size_wh: Size | None = None

    def add(self, at: int, found: Sequence[Detection], hold_s: float, moving: Mask | None, size_wh: Size) -> list[XYXY]:
        """Take in the detections of a frame (`at` in µs), and give the earlier boxes that are still to be covered.

        A box is covered where it was for `hold_s`. One that was lost is also covered where it is predicted to be by
        now, and where it was for as long as something is `moving` there. All are in pixels of this frame's picture,
        whatever size the ones before had.
        """
        self._scale_to(size_wh)
        now = [SeenBox(at, each.xyxy, each.track) for each in found]
        matched = associate(now, self._boxes)
        now = [each.after(self._boxes[matched[index]]) if index in matched else each for index, each in enumerate(now)]
        unmatched = set(range(len(self._boxes))) - set(matched.values())
        lost = [self._boxes[index] for index in sorted(unmatched) if _stays(self._boxes[index], at, hold_s, moving)]
        held = [each.xyxy for frame in self._frames for each in frame if each.within(at, hold_s)]
        held += [each.xyxy for each in lost]
        held += [each.predicted(at) for each in lost if each.within(at, hold_s)]
        self._boxes = [*now, *lost][:_MAX_BOXES]
        recent = (frame for frame in self._frames if frame and frame[0].within(at, hold_s))
        self._frames = deque([*recent, now], maxlen=_MAX_FRAMES)
        return held

    def _scale_to(self, size_wh: Size) -> None:
        if (old_wh := self._size_wh) and old_wh != size_wh:
            self._boxes = [each.scaled(old_wh, size_wh) for each in self._boxes]
            frames = ([each.scaled(old_wh, size_wh) for each in frame] for frame in self._frames)
            self._frames = deque(frames, maxlen=_MAX_FRAMES)
        self._size_wh = size_wh


def _stays(lost: SeenBox, at: int, hold_s: float, moving: Mask | None) -> bool:
    if lost.within(at, hold_s):
        return True
    if moving is None or not lost.within(at, _MOVES_FOR_S):
        return False
    part = moving[pixels(lost.xyxy)]
    return bool(part.size and np.count_nonzero(part) >= _MOVES_FROM * part.size)
