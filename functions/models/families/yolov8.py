"""YOLOv8 and YOLO11: one column a cell, or one row; boxes in pixels or shares of the input, scores as confidences."""

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
    confidences,
    count_cells,
    from_centers,
    in_pixels,
    rows_of,
    why_no_confidences,
)

_FARTHEST = 4


def decode(
    outputs: Sequence[Floats], spec: InputSpec, minimum_confidence: float, classes: int, by_column: bool = True
) -> Boxes:
    """Boxes from an output of a column or row a cell: centre, size, confidence of each class, and what may follow."""
    rows = rows_of(outputs[0], by_column)
    label = rows[:, 4 : 4 + classes].argmax(axis=1)
    scores = confidences(rows[np.arange(len(rows)), 4 + label])
    likely = scores >= minimum_confidence
    boxes = in_pixels(rows[:, :4], spec.input_wh)[likely]
    return Boxes(from_centers(boxes[:, :2], boxes[:, 2:], spec.input_wh), scores[likely], label[likely])


def readings(shapes: Sequence[Shape], input_wh: Size, claims: Claims) -> Iterator[Reading]:
    """One column a cell, or one row; behind the classes there may be key points, or coefficients of a mask."""
    boxes, *prototypes = shapes or [()]
    if len(boxes) != 3 or boxes[0] != 1 or [len(shape) for shape in prototypes] not in ([], [4]):
        return
    for by_column, (values, count) in ((True, boxes[1:]), (False, boxes[:0:-1])):
        classes = values - 4 - _behind(values, claims, prototypes)
        if count == count_cells(input_wh) and classes > 0:
            yield Reading(
                classes,
                partial(decode, classes=classes, by_column=by_column),
                partial(_misfit, classes=classes, by_column=by_column),
            )


def _behind(values: int, claims: Claims, prototypes: Sequence[Shape]) -> int:
    """How many values of a cell are neither its box nor its classes."""
    if prototypes:
        return prototypes[0][1]
    if claims.task == "pose":
        return claims.keypoint_values or max(0, values - 4 - len(claims.names))
    return 0


def _misfit(outputs: Sequence[Floats], spec: InputSpec, classes: int, by_column: bool) -> str | None:
    rows = rows_of(outputs[0], by_column)
    if problem := why_no_confidences(rows[:, 4 : 4 + classes]):
        return problem
    boxes = in_pixels(rows[:, :4], spec.input_wh)
    if boxes[:, 2:].min() < -1 or np.abs(boxes).max() > _FARTHEST * max(spec.input_wh):
        return f"expected boxes within the picture, got {boxes.min():.3g} to {boxes.max():.3g}"
    return None


FAMILY = Family(
    outputs="(1, 4 + classes, cells) or (1, cells, 4 + classes), cells of strides 8, 16 and 32",
    readings=readings,
    rgb=True,
    scale=255,
    fill=114,
    centred=True,
    iou_from=0.5,
)
