"""YOLOv8 and YOLO11: one column a cell, boxes in pixels of the input, scores as confidences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from functions.core.frame import Size
from functions.geometry.boxes import Boxes, Floats
from functions.models.families.family import Family, InputSpec, Shape, count_cells, from_centers, rgb_0_to_1


def decode(outputs: Sequence[Floats], spec: InputSpec, minimum_confidence: float) -> Boxes:
    """Boxes from one output of shape (1, 4 + classes, cells): centre, size, confidence of each class."""
    columns = outputs[0][0]
    label = columns[4:].argmax(axis=0)
    scores = columns[4 + label, np.arange(columns.shape[1])]
    likely = scores >= minimum_confidence
    x, y, width, height = columns[:4, likely]
    xyxy = from_centers(np.stack([x, y], axis=1), np.stack([width, height], axis=1), spec.input_wh)
    return Boxes(xyxy, scores[likely], label[likely])


def classes(shapes: Sequence[Shape], input_wh: Size) -> int | None:
    """The number of classes, where there is one column a cell."""
    if len(shapes) != 1 or len(shapes[0]) != 3 or shapes[0][2] != count_cells(input_wh) or shapes[0][1] <= 4:
        return None
    return shapes[0][1] - 4


FAMILY = Family(
    outputs="(1, 4 + classes, cells), cells of strides 8, 16 and 32",
    classes=classes,
    decode=decode,
    pixels=rgb_0_to_1,
    fill=114 / 255,
    centred=True,
    iou_from=0.5,
)
