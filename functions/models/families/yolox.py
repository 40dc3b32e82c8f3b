"""YOLOX: one row a cell, relative to the cell's corner and size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from functions.core.frame import Size
from functions.geometry.boxes import Boxes, Floats
from functions.models.families.family import Family, InputSpec, Shape, cells, count_cells, from_centers


def decode(outputs: Sequence[Floats], spec: InputSpec, minimum_confidence: float) -> Boxes:
    """Boxes from one output of shape (1, cells, 5 + classes) whose scores are confidences already."""
    rows = outputs[0][0]
    likely = np.nonzero(rows[:, 4] >= minimum_confidence)[0]
    rows = rows[likely]
    label = rows[:, 5:].argmax(axis=1)
    scores = rows[:, 4] * rows[np.arange(len(rows)), 5 + label]
    corners, sizes = (values[likely] for values in cells(spec.input_wh))
    xyxy = from_centers(rows[:, :2] * sizes + corners, np.exp(rows[:, 2:4]) * sizes, spec.input_wh)
    return Boxes(xyxy, scores, label).pick(scores >= minimum_confidence)


def classes(shapes: Sequence[Shape], input_wh: Size) -> int | None:
    """The number of classes, where there is one row a cell."""
    if len(shapes) != 1 or len(shapes[0]) != 3 or shapes[0][1] != count_cells(input_wh) or shapes[0][2] <= 5:
        return None
    return shapes[0][2] - 5


FAMILY = Family(
    outputs="(1, cells, 5 + classes), cells of strides 8, 16 and 32",
    classes=classes,
    decode=decode,
    pixels=lambda image: image,
    fill=114,
    centred=False,
    iou_from=0.5,
)
