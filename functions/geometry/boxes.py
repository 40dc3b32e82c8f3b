"""Boxes as arrays: `xyxy` float32 of shape (n, 4), scores float32 of shape (n,); tiles, overlaps, the best of many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from functions.core.frame import Detection, Size
from functions.core.jpeg import Image

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
    shared = _intersection(box, others)
    union = area(box) + area(others) - shared
    return _share(shared, union)


def area(xyxy: Floats) -> Floats:
    """Area of each box."""
    width, height = xyxy[..., 2] - xyxy[..., 0], xyxy[..., 3] - xyxy[..., 1]
    product: Floats = width * height
    return product


def inside(box: Floats, others: Floats) -> Floats:
    """The share of the smaller of the two that both share, of one box with each of the others."""
    return _share(_intersection(box, others), np.minimum(area(box), area(others)))


def best(found: Boxes, iou_from: float, inside_from: float = np.inf) -> Boxes:
    """Non-maximum suppression: the boxes that no better one of their class overlaps, best first.

    A box overlaps a better one where their IoU is at least `iou_from`, or where the smaller of the two lies within
    the other by at least the share `inside_from`.
    """
    left = np.argsort(-found.scores, kind="stable")
    kept = []
    while left.size:
        first, rest = left[0], left[1:]
        kept.append(first)
        xyxy, others = found.xyxy[first], found.xyxy[rest]
        repeats = iou(xyxy, others) >= iou_from
        repeats |= inside(xyxy, others) >= inside_from
        left = rest[~(repeats & (found.classes[rest] == found.classes[first]))]
    return found.pick(np.array(kept, np.int64))


def tiles(size_wh: Size, columns: int, rows: int, overlap: float = 0.2) -> list[tuple[int, int, int, int]]:
    """Tiles that cover a picture, left to right and top to bottom; neighbours share `overlap` of a tile."""
    across, down = _spans(size_wh[0], columns, overlap), _spans(size_wh[1], rows, overlap)
    return [(left, top, right, bottom) for top, bottom in down for left, right in across]


def grid_of(text: str) -> tuple[int, int]:
    """Columns and rows of a grid written `2x1`."""
    columns, _, rows = text.partition("x")
    return int(columns), int(rows)


def in_tiles(image: Image, grid: tuple[int, int], find: Callable[[Image], Boxes]) -> Boxes:
    """What `find` finds in each tile of a grid (columns, rows), as boxes of the whole picture, each thing once."""
    if grid == (1, 1):
        return find(image)
    height, width = image.shape[:2]
    parts = []
    for left, top, right, bottom in tiles((width, height), *grid):
        found = find(image[top:bottom, left:right])
        parts.append(found._replace(xyxy=found.xyxy + np.array([left, top, left, top], np.float32)))
    merged = Boxes(*(np.concatenate(values) for values in zip(*parts, strict=True)))
    # A person cut by a tile's edge is found twice: whole in one tile, and in part, inside the whole, in the other.
    return best(merged, iou_from=0.5, inside_from=0.75)


def _spans(length: int, count: int, overlap: float) -> list[tuple[int, int]]:
    size = length / (count - (count - 1) * overlap)
    starts = (index * size * (1 - overlap) for index in range(count))
    return [(round(start), min(length, round(start + size))) for start in starts]


def _intersection(box: Floats, others: Floats) -> Floats:
    top_left = np.maximum(box[:2], others[:, :2])
    bottom_right = np.minimum(box[2:], others[:, 2:])
    product: Floats = np.prod(np.clip(bottom_right - top_left, 0, None), axis=1)
    return product


def _share(part: Floats, whole: Floats) -> Floats:
    """Part of whole, 0 where the whole is nothing."""
    share: Floats = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return share
