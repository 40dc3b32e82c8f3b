"""Persistence: who was found shortly before or after a frame is covered in it, where their track has them by then.

All boxes of a person in a moment, each moved to where it would be now, cover little more than the person. A box that no
track explains stays where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np

from functions.core.frame import XYXY, Detection, Frame, Size
from functions.geometry.masks import Mask, mask_of, pixels
from functions.redaction.association import SeenBox, Tracklet, associate, moved_to

# Bounds on what is remembered: a clock that stands still must not fill the memory.
_MAX_TRACKLETS, _MAX_BOXES = 1000, 100
# A box this sure stays by itself. One less sure stays where its track has such a one, or boxes in so large a share of
# the frames; else it is covered in its own frame, as it may be nothing.
_SURE, _OFTEN = 0.3, 0.4
# A lost box stays while this share of it moves, which is no more than a head; for a bounded time, since others may move
# there, too.
_MOVES_FROM = 0.1
_MOVES_FOR_S = 3.0


@dataclass
class Persistence:
    """The tracklets of one source, those of the frames ahead included."""

    tracklets: list[Tracklet] = field(default_factory=list)
    _times: list[int] = field(default_factory=list)
    _newest: tuple[int, int] | None = None

    def add(self, frame: Frame, wanted: Callable[[Detection], bool], reach_s: float) -> None:
        """Take in the boxes of a frame, unless it was taken in before, when it was ahead.

        A box continues a tracklet that was seen no longer ago than `reach_s`.
        """
        if self._newest and frame.seq <= self._newest[0] and frame.captured_at <= self._newest[1]:
            return
        self._newest = frame.seq, frame.captured_at
        self._times = [*self._times, frame.captured_at][-_MAX_BOXES:]
        now = [_seen(frame, each) for each in frame.detections if wanted(each)]
        near = [each for each in self.tracklets if abs(frame.captured_at - each.last.at) <= reach_s * 1e6]
        matched = associate(now, near)
        for index, box in enumerate(now):
            tracklet = near[matched[index]] if index in matched else Tracklet([])
            tracklet.boxes = [*tracklet.boxes, box][-_MAX_BOXES:]
            tracklet.confidence = max(tracklet.confidence, box.confidence)
            if index not in matched:
                self.tracklets.append(tracklet)

    def boxes(self, frame: Frame, hold_s: float, look_ahead_s: float, moving: Mask | None) -> list[tuple[XYXY, float]]:
        """What is to be covered in the frame for who was found up to so long before and after.

        Boxes in its pixels, each with the greatest confidence of its tracklet.

        Who was lost longer ago is covered where they were for as long as something is `moving` there that is nobody's
        who was found.
        """
        at = frame.captured_at
        start, end = at - hold_s * 1e6, at + look_ahead_s * 1e6
        often = max(2, _OFTEN * sum(start <= each <= end for each in self._times))
        near = [each.between(start, end) for each in self.tracklets]
        believed = [
            (boxes, each.confidence)
            for each, boxes in zip(self.tracklets, near, strict=True)
            if boxes and (each.confidence >= _SURE or len(boxes) >= often)
        ]
        covered = [(box, confidence) for boxes, confidence in believed for box in _moved_to(at, boxes)]
        alone = cache(partial(_alone, moving, [box for box, _ in covered]))
        kept = []
        for each, boxes in zip(self.tracklets, near, strict=True):
            stays = not boxes and _stays(each, at, alone)
            covered += [(each.last.xyxy, each.confidence)] if stays else []
            if boxes or stays or at < each.last.at <= at + _MOVES_FOR_S * 1e6:
                each.boxes = [box for box in each.boxes if at - box.at <= hold_s * 1e6] or [each.last]
                kept.append(each)
        self.tracklets = kept[-_MAX_TRACKLETS:]
        return [(_in_pixels(box, frame.size_wh), confidence) for box, confidence in covered]


def _in_pixels(share: XYXY, size_wh: Size) -> XYXY:
    (width, height), (x1, y1, x2, y2) = size_wh, share
    return x1 * width, y1 * height, x2 * width, y2 * height


def _seen(frame: Frame, found: Detection) -> SeenBox:
    (width, height), (x1, y1, x2, y2) = frame.size_wh, found.xyxy
    xyxy = x1 / width, y1 / height, x2 / width, y2 / height
    return SeenBox(frame.captured_at, xyxy, found.confidence, found.track)


def _moved_to(at: int, boxes: Sequence[SeenBox]) -> list[XYXY]:
    """The boxes of a tracklet, each moved to now; a single one, of which nothing says how it moves, where it was."""
    return [(x1, y1, x2, y2) for x1, y1, x2, y2 in moved_to(at, boxes).tolist()]


def _alone(moving: Mask | None, covered: Iterable[XYXY]) -> Mask | None:
    """What moves and is nobody's who was found."""
    if moving is None:
        return None
    size_wh = moving.shape[1], moving.shape[0]
    return moving & ~mask_of(size_wh, (_in_pixels(box, size_wh) for box in covered))


def _stays(lost: Tracklet, at: int, alone: Callable[[], Mask | None]) -> bool:
    if lost.confidence < _SURE or not 0 <= at - lost.last.at <= _MOVES_FOR_S * 1e6 or (moving := alone()) is None:
        return False
    part = moving[pixels(_in_pixels(lost.last.xyxy, (moving.shape[1], moving.shape[0])))]
    return bool(part.size and np.count_nonzero(part) >= _MOVES_FROM * part.size)
