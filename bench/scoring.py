"""How well boxes fit the truth: recall, precision, and how much of every true box they cover."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.truth import Truth
from functions.core.frame import Detection
from functions.geometry.boxes import iou


class Score(NamedTuple):
    """Shares 0 to 1: true boxes found, boxes right, mean cover of a true box, true boxes under half covered."""

    recall: float
    precision: float
    coverage: float
    under_half: float


def score(truth: Truth, found: Mapping[int, Sequence[Detection]], size_wh: tuple[int, int]) -> Score:
    """How well what was found in each frame fits; a box is right where its IoU with a true one is at least 0.5."""
    right = sum(_matches(boxes, found[number]) for number, boxes in truth.items())
    covers = [cover for number, boxes in truth.items() for cover in _covers(boxes, found[number], size_wh)]
    true, given = sum(map(len, truth.values())), sum(len(found[number]) for number in truth)
    return Score(right / true, right / max(1, given), float(np.mean(covers)), float(np.mean(np.array(covers) < 0.5)))


def _matches(boxes: NDArray[np.float32], found: Sequence[Detection]) -> int:
    """How many true boxes are found, the surest choosing first."""
    free = np.ones(len(boxes), bool)
    for detection in sorted(found, key=lambda detection: -detection.confidence):
        overlaps = iou(np.array(detection.xyxy, np.float32), boxes) * free
        if overlaps.max() >= 0.5:
            free[overlaps.argmax()] = False
    return int(np.count_nonzero(~free))


def _covers(boxes: NDArray[np.float32], found: Sequence[Detection], size_wh: tuple[int, int]) -> Iterator[float]:
    """The share of each true box, as far as it lies within the picture, that is under any box."""
    mask = np.zeros(size_wh[::-1], bool)
    for detection in found:
        mask[_slices(detection.xyxy)] = True
    for box in boxes:
        part = mask[_slices(box)]
        yield float(part.mean()) if part.size else 1.0


def _slices(xyxy: Sequence[float] | NDArray[np.float32]) -> tuple[slice, slice]:
    left, top, right, bottom = (max(0, round(float(value))) for value in xyxy)
    return slice(top, bottom), slice(left, right)
