"""YOLOX: one row a cell, relative to the cell's corner and size, or decoded by the network itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from functions.core.frame import Size
from functions.geometry.boxes import Boxes, Floats
from functions.models.families.family import (
    Claims,
    Family,
    InputSpec,
    Reading,
    Shape,
    cells,
    confidences,
    count_cells,
    from_centers,
    in_pixels,
    rows_of,
    why_no_confidences,
)

# Relative to its cell, no centre lies farther away in cells, and no side is longer than e to this many.
_FAR, _LONG = 16.0, 8.0
# Where an object is so sure, some class of it is not that unlikely.
_AN_OBJECT, _NO_CLASS = 0.1, 0.01
_FOLLOWS = 0.8


def decode(outputs: Sequence[Floats], spec: InputSpec, minimum_confidence: float, decoded: bool = False) -> Boxes:
    """Boxes from one output of shape (1, cells, 5 + classes) whose scores are confidences already."""
    rows = outputs[0][0]
    objects = confidences(rows[:, 4])
    likely = np.nonzero(objects >= minimum_confidence)[0]
    found = rows[likely]
    label = found[:, 5:].argmax(axis=1)
    scores = objects[likely] * confidences(found[np.arange(len(found)), 5 + label])
    if decoded:
        boxes = in_pixels(rows[:, :4], spec.input_wh)[likely]
        xyxy = from_centers(boxes[:, :2], boxes[:, 2:], spec.input_wh)
    else:
        corners, sizes = (values[likely] for values in cells(spec.input_wh))
        xyxy = from_centers(found[:, :2] * sizes + corners, np.exp(found[:, 2:4]) * sizes, spec.input_wh)
    return Boxes(xyxy, scores, label).pick(scores >= minimum_confidence)


def readings(shapes: Sequence[Shape], input_wh: Size, claims: Claims) -> Iterator[Reading]:
    """With one row a cell: relative to it, or decoded."""
    if len(shapes) == 1 and shapes[0][:2] == (1, count_cells(input_wh)) and len(shapes[0]) == 3 and shapes[0][2] > 5:
        for decoded in (False, True):
            yield Reading(shapes[0][2] - 5, partial(decode, decoded=decoded), partial(_misfit, decoded=decoded))


def _misfit(outputs: Sequence[Floats], spec: InputSpec, decoded: bool) -> str | None:
    rows = rows_of(outputs[0], by_column=False)
    objects, best = rows[:, 4], rows[:, 5:].max(axis=1)
    if problem := why_no_confidences(rows[:, 4:]):
        return problem
    if objects.max() > _AN_OBJECT and (objects * best).max() < _NO_CLASS:
        return "there are objects, but of no class"
    if _is_decoded(rows[:, :4], spec.input_wh) != decoded:
        return "boxes are decoded already" if not decoded else "boxes are relative to their cells"
    return None


def _is_decoded(boxes: Floats, input_wh: Size) -> bool:
    """Whether these cannot be relative to their cells: too far from them, too long, or in step with the cells."""
    if np.abs(boxes[:, :2]).max() > _FAR or boxes[:, 2:].max() > _LONG:
        return True
    return all(_follows(boxes[:, axis], cells(input_wh)[0][:, axis]) for axis in (0, 1))


def _follows(values: Floats, places: Floats) -> bool:
    return bool(values.std() > 0 and places.std() > 0 and np.corrcoef(values, places)[0, 1] > _FOLLOWS)


FAMILY = Family(
    outputs="(1, cells, 5 + classes), cells of strides 8, 16 and 32",
    readings=readings,
    rgb=False,
    scale=1,
    fill=114,
    centred=False,
    iou_from=0.5,
)
