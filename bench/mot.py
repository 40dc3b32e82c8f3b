"""Tracks against true persons, by motmetrics: MOTA, IDF1, switches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import motmetrics
import numpy as np
from numpy.typing import NDArray

from bench.exposure import Box
from functions.geometry.boxes import iou

# A box is a person's from this overlap on.
_IOU = 0.5


class Tracking(NamedTuple):
    """CLEAR MOT and identity measures, and how many changes of number there were."""

    mota: float
    idf1: float
    switches: int


def tracking(frames: Iterable[tuple[Mapping[str, Box], Mapping[int, Box]]]) -> Tracking:
    """How well numbered boxes follow true persons, given as both of each frame."""
    seen = motmetrics.MOTAccumulator(auto_id=True)
    for true, found in frames:
        seen.update(list(true), list(found), _distances(list(true.values()), list(found.values())))
    measured = motmetrics.metrics.create().compute(seen, metrics=["mota", "idf1", "num_switches"])
    mota, idf1, switches = measured.iloc[0]
    return Tracking(round(float(mota), 4), round(float(idf1), 4), int(switches))


def _distances(true: list[Box], found: list[Box]) -> NDArray[np.float64]:
    """One minus the IoU of each pair, nan where they have too little in common; motmetrics' own fails on numpy 2."""
    boxes = np.array(found, np.float32).reshape(-1, 4)
    overlaps = np.array([iou(np.array(box, np.float32), boxes) for box in true]).reshape(len(true), len(found))
    return np.where(overlaps >= _IOU, 1 - overlaps, np.nan)
