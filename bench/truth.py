"""How well boxes fit the truth: recall, precision, and how much of every true box they cover."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from functions.core.frame import Detection, Frame
from functions.geometry.boxes import iou

Truth = Mapping[int, NDArray[np.float32]]


class Score(NamedTuple):
    """Shares 0 to 1: true boxes found, boxes right, mean cover of a true box, true boxes under half covered."""

    recall: float
    precision: float
    coverage: float
    under_half: float


def read_truth(path: Path, every: int = 1) -> Truth:
    """True boxes (n, 4) as left, top, right, bottom by frame, counted from 1.

    The CSV has the columns `frame,person,left,top,width,height`.
    """
    boxes = defaultdict(list)
    with path.open() as file:
        for row in csv.DictReader(file):
            left, top, width, height = (float(row[name]) for name in ("left", "top", "width", "height"))
            boxes[int(row["frame"])].append((left, top, left + width, top + height))
    return {number: np.array(boxes[number], np.float32) for number in sorted(boxes) if (number - 1) % every == 0}


def read_frames(video: Path, truth: Truth) -> Iterator[tuple[int, Frame]]:
    """The frames that have a truth, by their number."""
    capture, last = cv2.VideoCapture(str(video)), max(truth)
    for number in range(1, last + 1):
        there, image = capture.read()
        if not there:
            raise ValueError(f"{video}: expected {last} frames, got {number - 1}")
        if number in truth:
            yield number, Frame.from_image(image)


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
