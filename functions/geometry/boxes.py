"""Boxes as arrays: `xyxy` float32 of shape (n, 4), scores float32 of shape (n,); overlaps, the best of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from functions.core.frame import Detection

Floats = NDArray[np.float32]


class Boxes(NamedTuple):
    """Boxes of one picture: `xyxy` (n, 4) in its pixels, `scores` (n,) and the index of each one's `classes` (n,)."""

    xyxy: Floats
    scores: Floats
    classes: NDArray[np.int64]

    def pick(self, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> Boxes:
        """Those chosen by index or by mask."""
        return Boxes(self.xyxy[chosen], self.scores[chosen], self.classes[chosen])

    def detections(self, labels: Sequence[str]) -> list[Detection]:
        """The same as detections, labelled by class."""
        values = zip(self.xyxy.tolist(), self.scores.tolist(), self.classes.tolist(), strict=True)
        return [Detection(labels[index], score, (x1, y1, x2, y2)) for (x1, y1, x2, y2), score, index in values]


def sigmoid(values: Floats) -> Floats:
    """Logits as confidences 0 to 1."""
    confidence: Floats = np.reciprocal(1 + np.exp(-values))
    return confidence


def iou(box: Floats, others: Floats) -> Floats:
    """Intersection over union of one box with each of the others, or of (n, 1, 4) with (m, 4), each with each."""
    shared = intersection(box, others)
    union = area(box) + area(others) - shared
    return _share(shared, union)


def area(xyxy: Floats) -> Floats:
    """Area of each box."""
    width, height = xyxy[..., 2] - xyxy[..., 0], xyxy[..., 3] - xyxy[..., 1]
    product: Floats = width * height
    return product


def inside(box: Floats, others: Floats) -> Floats:
    """The share of the smaller of the two that both share, of one box with each of the others."""
    return _share(intersection(box, others), np.minimum(area(box), area(others)))


def best(found: Boxes, iou_from: float) -> Boxes:
    """Non-maximum suppression: the boxes that no better one of their class overlaps by that IoU, best first."""
    if not len(found.scores):
        return found
    rectangles = np.concatenate([found.xyxy[:, :2], found.xyxy[:, 2:] - found.xyxy[:, :2]], axis=1)
    # Sensitive face detection has thousands of candidates: in Python they would take as long as the network.
    kept = cv2.dnn.NMSBoxesBatched(rectangles.tolist(), found.scores.tolist(), found.classes.tolist(), -1.0, iou_from)
    return found.pick(np.array(kept, np.int64))


def distinct(found: Boxes, iou_from: float, within_from: float) -> Boxes:
    """The boxes that no better one of their class overlaps or holds, best first.

    A box overlaps a better one where their IoU is at least `iou_from`, or where at least the share `within_from` of it
    lies within the better one.
    """
    ordered = found.pick(np.argsort(-found.scores, kind="stable"))
    overlaps, left, kept = _Overlaps(ordered), np.ones(len(ordered.scores), bool), []
    for at in range(len(left)):
        if left[at]:
            kept.append(at)
            left &= ~overlaps.repeats(at, iou_from, within_from)
    return ordered.pick(np.array(kept, np.int64))


def fused(found: Boxes, iou_from: float) -> Boxes:
    """Boxes of several looks, those of one thing as one: their mean by confidence, as sure as the surest.

    Boxes are of one thing where they are of one class, and their IoU with its surest one is at least `iou_from`.
    """
    ordered = found.pick(np.argsort(-found.scores, kind="stable"))
    overlaps, left, kept = _Overlaps(ordered), np.ones(len(ordered.scores), bool), []
    means = ordered.xyxy.copy()
    for at in range(len(left)):
        if left[at]:
            kept.append(at)
            same = left & overlaps.repeats(at, iou_from)
            same[at] = True  # also a box without an area
            weights = ordered.scores[same, None]
            means[at] = (ordered.xyxy[same] * weights).sum(axis=0) / weights.sum()
            left &= ~same
    return ordered._replace(xyxy=means).pick(np.array(kept, np.int64))


class _Overlaps:
    """Which boxes repeat which: its columns and areas are taken apart once, since there are hundreds of faces."""

    def __init__(self, boxes: Boxes) -> None:
        self._sides = np.ascontiguousarray(boxes.xyxy.T)
        self._areas, self._classes = area(boxes.xyxy), boxes.classes

    def repeats(self, at: int, iou_from: float, within_from: float = np.inf) -> NDArray[np.bool_]:
        """The boxes of its class that overlap the one at this index so much, or lie so much within it."""
        x1, y1, x2, y2 = self._sides
        width = np.minimum(x2, x2[at]) - np.maximum(x1, x1[at])
        height = np.minimum(y2, y2[at]) - np.maximum(y1, y1[at])
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        enough = shared >= iou_from * (self._areas + self._areas[at] - shared)
        if within_from <= 1:
            enough |= shared >= within_from * self._areas
        same: NDArray[np.bool_] = enough & (shared > 0) & (self._classes == self._classes[at])
        return same


def intersection(box: Floats, others: Floats) -> Floats:
    """The area that one box shares with each of the others."""
    top_left = np.maximum(box[..., :2], others[..., :2])
    sides = np.maximum(np.minimum(box[..., 2:], others[..., 2:]) - top_left, 0)
    product: Floats = sides[..., 0] * sides[..., 1]
    return product


def _share(part: Floats, whole: Floats) -> Floats:
    """Part of whole, 0 where the whole is nothing."""
    share: Floats = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return share
