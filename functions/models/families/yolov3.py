"""YOLOv3 and TinyYOLOv3: raw heads of three anchors a cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from functions.core.errors import UsageError
from functions.core.frame import Size
from functions.geometry.boxes import Boxes, Floats, sigmoid
from functions.models.families.family import Anchors, Claims, Family, InputSpec, Reading, Shape

_ANCHORS = 3
# Width and height in pixels of the input, the coarsest grid first, by the number of grids.
USUAL_ANCHORS: dict[int, Anchors] = {
    3: (((116, 90), (156, 198), (373, 326)), ((30, 61), (62, 45), (59, 119)), ((10, 13), (16, 30), (33, 23))),
    2: (((81, 82), (135, 169), (344, 319)), ((10, 14), (23, 27), (37, 58))),
}


def decode(heads: Sequence[Floats], spec: InputSpec, minimum_confidence: float) -> Boxes:
    """Boxes from heads of shape (1, anchors * (5 + classes), rows, columns), the coarsest grid first."""
    ordered = sorted(heads, key=lambda head: head.shape[2])
    return decode_grids([head[0].transpose(1, 2, 0) for head in ordered], spec, minimum_confidence)


def decode_grids(grids: Sequence[Floats], spec: InputSpec, minimum_confidence: float) -> Boxes:
    """Boxes from grids of shape (rows, columns, anchors * (5 + classes)), the coarsest first.

    A box that is sure of several classes is given once for each.
    """
    anchors = spec.anchors or USUAL_ANCHORS[len(grids)]
    if len(anchors) != len(grids):
        given = sum(map(len, anchors))
        raise UsageError(f"Anchors: expected three for each of {len(grids)} grids, got {given}")
    parts = [_decode(grid, own, spec.input_wh, minimum_confidence) for grid, own in zip(grids, anchors, strict=True)]
    return Boxes(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _decode(grid: Floats, anchors: tuple[tuple[float, float], ...], input_wh: Size, minimum_confidence: float) -> Boxes:
    rows, columns = grid.shape[:2]
    values = grid.reshape(rows, columns, _ANCHORS, -1)
    # No class is surer than the object itself: most anchors end here.
    row, column, anchor = np.nonzero(sigmoid(values[..., 4]) >= minimum_confidence)
    found = values[row, column, anchor]
    scores = sigmoid(found[:, 4:5]) * sigmoid(found[:, 5:])
    box, label = np.nonzero(scores >= minimum_confidence)
    x = (column + sigmoid(found[:, 0])) / np.float32(columns)
    y = (tops(row, column, columns) + sigmoid(found[:, 1])) / np.float32(rows)
    sizes = np.array(anchors, np.float32)[anchor] * np.exp(found[:, 2:4]) / np.array(input_wh, np.float32)
    width, height = sizes[:, 0] / 2, sizes[:, 1] / 2
    xyxy = np.stack([x - width, y - height, x + width, y + height], axis=1).astype(np.float32)
    return Boxes(xyxy[box], scores[box, label], label)


def tops(row: np.ndarray, column: np.ndarray, columns: int) -> Floats:
    """The top of each cell, in cells."""
    top: Floats = row.astype(np.float32)
    return top


def readings(shapes: Sequence[Shape], input_wh: Size, claims: Claims) -> Iterator[Reading]:
    """With two or three grids at strides 32, 16 (and 8)."""
    expected = [(input_wh[1] // stride, input_wh[0] // stride) for stride in (32, 16, 8)[: len(shapes)]]
    channels = {shape[1] for shape in shapes if len(shape) == 4 and shape[0] == 1}
    grids = sorted(shape[2:] for shape in shapes)
    if len(shapes) not in USUAL_ANCHORS or grids != sorted(expected) or len(channels) != 1:
        return
    values, rest = divmod(channels.pop(), _ANCHORS)
    if rest == 0 and values > 5:
        yield Reading(values - 5, decode)


FAMILY = Family(
    outputs="two or three of (1, 3 * (5 + classes), rows, columns) at strides 32, 16 and 8",
    readings=readings,
    rgb=True,
    scale=255,
    fill=128,
    centred=True,
    iou_from=0.45,
)
