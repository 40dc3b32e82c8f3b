"""Boxes as arrays: `xyxy` float32 of shape (n, 4), scores float32 of shape (n,); overlaps, the best of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

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
    """Intersection over union of one box with each of the others."""
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


def best(found: Boxes, iou_from: float, within_from: float = np.inf) -> Boxes:
    """Non-maximum suppression: the boxes that no better one of their class overlaps, best first.

    A box overlaps a better one where their IoU is at least `iou_from`, or where at least the share `within_from` of it
    lies within the better one.
    """
    left = np.argsort(-found.scores, kind="stable")
    kept = []
    while left.size:
        first, rest = left[0], left[1:]
        kept.append(first)
        xyxy, others = found.xyxy[first], found.xyxy[rest]
        repeats = iou(xyxy, others) >= iou_from
        repeats |= _share(intersection(xyxy, others), area(others)) >= within_from
        left = rest[~(repeats & (found.classes[rest] == found.classes[first]))]
    return found.pick(np.array(kept, np.int64))


def fused(found: Boxes, iou_from: float) -> Boxes:
    """Boxes of several looks, those of one thing as one: their mean by confidence, as sure as the surest.

    Boxes are of one thing where they are of one class, and their IoU with its surest one is at least `iou_from`.
    """
    left = np.argsort(-found.scores, kind="stable")
    kept, means = [], []
    while left.size:
        first = left[0]
        same = (iou(found.xyxy[first], found.xyxy[left]) >= iou_from) & (found.classes[left] == found.classes[first])
        same[0] = True  # also a box without an area
        kept.append(first)
        means.append(np.average(found.xyxy[left[same]], axis=0, weights=found.scores[left[same]]))
        left = left[~same]
    chosen = found.pick(np.array(kept, np.int64))
    return chosen._replace(xyxy=np.array(means, np.float32).reshape(-1, 4))


def intersection(box: Floats, others: Floats) -> Floats:
    """The area that one box shares with each of the others."""
    top_left = np.maximum(box[:2], others[:, :2])
    bottom_right = np.minimum(box[2:], others[:, 2:])
    product: Floats = np.prod(np.clip(bottom_right - top_left, 0, None), axis=1)
    return product


def _share(part: Floats, whole: Floats) -> Floats:
    """Part of whole, 0 where the whole is nothing."""
    share: Floats = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return share
