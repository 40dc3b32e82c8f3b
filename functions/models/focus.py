"""Focus, YOLOX's first layer: four pictures of every other pixel, as the one operation that OpenVINO is quick at.

By its slices a tenth of a look at YOLOX-nano goes to copying.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from functions.models.openvino_net import openvino

_CHANNELS, _ROWS, _COLUMNS = 1, 2, 3  # the axes of what comes in


class _Quarter(NamedTuple):
    """Every other pixel of what an output of the model says, from this row and this column on."""

    of: Any
    row: int
    column: int


def fuse_focus(model: Any) -> None:
    """Put SpaceToDepth for each focus of a model, in place; what comes out is the same."""
    for concat in [each for each in model.get_ordered_ops() if each.get_type_name() == "Concat"]:
        quarters = [_quarter(each.get_source_output()) for each in concat.inputs()]
        if concat.get_attributes()["axis"] == _CHANNELS and _is_focus(quarters):
            fused = _space_to_depth([each for each in quarters if each])
            for reader in concat.output(0).get_target_inputs():
                reader.replace_source_output(fused)
    model.validate_nodes_and_infer_types()


def _is_focus(quarters: Sequence[_Quarter | None]) -> bool:
    """Whether these are all four of one thing."""
    (first, *_) = quarters
    if first is None or len(quarters) != 4 or any(each is None or each.of != first.of for each in quarters):
        return False
    return {(each.row, each.column) for each in quarters if each} == {(0, 0), (0, 1), (1, 0), (1, 1)}


def _quarter(output: Any) -> _Quarter | None:
    """The output as a slice of a slice, one by rows and one by columns."""
    starts: dict[int, int] = {}
    for _ in range(2):
        start = _every_other(output.get_node())
        if start is None:
            return None
        starts.update([start])
        output = output.get_node().input_value(0)
    return _Quarter(output, starts[_ROWS], starts[_COLUMNS]) if len(starts) == 2 else None


def _every_other(node: Any) -> tuple[int, int] | None:
    """The axis, rows or columns, of which a node takes every other one, and the first of them."""
    if node.get_type_name() != "Slice" or len(node.inputs()) != 5:
        return None
    shape, *said = node.input_value(0).get_partial_shape(), *(node.input_value(at).get_node() for at in range(1, 5))
    if shape.is_dynamic or len(shape) != 4 or any(each.get_type_name() != "Constant" for each in said):
        return None
    values = [each.get_data().tolist() for each in said]
    if any(len(each) != 1 for each in values):
        return None
    ((start,), (stop,), (step,), (axis,)) = values
    is_whole = axis in (_ROWS, _COLUMNS) and stop >= shape[axis].get_length()
    return (axis, start) if is_whole and step == 2 else None


def _space_to_depth(quarters: Sequence[_Quarter]) -> Any:
    openvino()
    from openvino import opset13 as ops

    source = quarters[0].of
    channels = source.get_partial_shape()[_CHANNELS].get_length()
    # Its own order is by rows, then columns.
    order = [(2 * each.row + each.column) * channels + channel for each in quarters for channel in range(channels)]
    return ops.gather(ops.space_to_depth(source, "blocks_first", 2), np.array(order), np.int64(_CHANNELS)).output(0)
