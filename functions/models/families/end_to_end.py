"""End-to-end detectors, as YOLOv10 and exports with suppression in the graph: few rows, each a box that is chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    in_pixels,
    why_no_confidences,
)
from functions.models.weights import WeightsError


def decode(outputs: Sequence[Floats], spec: InputSpec, minimum_confidence: float, classes: int) -> Boxes:
    """Boxes from an output of rows: left, top, right, bottom, confidence, class, and what may follow."""
    rows = outputs[0][0]
    if problem := _misfit(outputs, spec, classes):
        raise WeightsError(f"Outputs of the model: {problem}")
    scores = confidences(rows[:, 4])
    likely = scores >= minimum_confidence
    xyxy = in_pixels(rows[:, :4], spec.input_wh)[likely] / np.array(spec.input_wh * 2, np.float32)
    return Boxes(xyxy.astype(np.float32), scores[likely], rows[likely, 5].astype(np.int64))


def readings(shapes: Sequence[Shape], input_wh: Size, claims: Claims) -> Iterator[Reading]:
    """Of rows that are no cells; their classes are known by their names only."""
    boxes, *prototypes = shapes or [()]
    if len(boxes) != 3 or boxes[0] != 1 or boxes[1] == count_cells(input_wh) or boxes[1] < boxes[2]:
        return
    behind = claims.keypoint_values if claims.task == "pose" else prototypes[0][1] if prototypes else 0
    if boxes[2] == 6 + behind and len(prototypes) <= 1:
        classes = len(claims.names)
        yield Reading(
            classes,
            lambda outputs, spec, minimum: decode(outputs, spec, minimum, classes),
            lambda outputs, spec: _misfit(outputs, spec, classes),
        )


def _misfit(outputs: Sequence[Floats], spec: InputSpec, classes: int) -> str | None:
    rows = outputs[0][0]
    if problem := why_no_confidences(rows[:, 4]):
        return problem
    found = rows[rows[:, 4] > 0]
    said = found[:, 5]
    if (said != said.round()).any() or (found.size and not 0 <= said.min() <= said.max() < max(1, classes)):
        return f"expected classes from 0 to {classes - 1}, got {said.min():.3g} to {said.max():.3g}"
    if (found[:, 2:4] < found[:, :2]).any():
        return "expected left, top, right, bottom of each box, got a right that is left of its left"
    return None


FAMILY = Family(
    outputs="(1, boxes, 6): left, top, right, bottom, confidence, class",
    readings=readings,
    rgb=True,
    scale=255,
    fill=114,
    centred=True,
    iou_from=0.9,
)
