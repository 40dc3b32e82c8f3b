"""A focus in one operation gives what its slices gave; what only looks like one stays as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from functions.models.focus import fuse_focus
from functions.models.openvino_net import openvino

SIDES = (6, 8)
USUAL = ((0, 0), (1, 0), (0, 1), (1, 1))


def sliced(
    quarters: Sequence[tuple[int, int]],
    step: int = 2,
    axis: int = 1,
    sides: Sequence[int] = SIDES,
    end: int = 2**63 - 1,
) -> Any:
    """A model that puts slices, from these rows and columns on, beside each other."""
    package = openvino()
    from openvino import opset13 as ops

    def every(layer: Any, start: int, of: int) -> Any:
        return ops.slice(layer, *(np.array([value]) for value in (start, end, step, of)))

    picture = ops.parameter([1, 3, *sides], np.float32)
    parts = [every(every(picture, row, 2), column, 3) for row, column in quarters]
    return package.Model([ops.relu(ops.concat(parts, axis))], [picture])


def of_two() -> Any:
    """A model whose four slices are not of one thing."""
    package = openvino()
    from openvino import opset13 as ops

    model = sliced(USUAL)
    (picture,) = model.get_parameters()
    (concat,) = (each for each in model.get_ordered_ops() if each.get_type_name() == "Concat")
    rows = concat.input_value(3).get_node().input_value(0).get_node()
    rows.input(0).replace_source_output(ops.negative(picture).output(0))
    return package.Model(model.outputs, [picture])


def kinds(model: Any) -> Counter[str]:
    return Counter(each.get_type_name() for each in model.get_ordered_ops())


def said(model: Any) -> Any:
    picture = np.random.default_rng(7).random(model.input(0).shape, np.float32)
    (output,) = openvino().Core().compile_model(model, "CPU")(picture).values()
    return output


@pytest.mark.parametrize("quarters", [USUAL, USUAL[::-1], ((0, 1), (0, 0), (1, 1), (1, 0))])
def test_a_focus_is_one_operation_and_gives_the_same(quarters: Sequence[tuple[int, int]]) -> None:
    model = sliced(quarters)
    expected = said(model)
    fuse_focus(model)
    assert (kinds(model)["SpaceToDepth"], kinds(model)["Slice"]) == (1, 0)
    assert np.array_equal(said(model), expected)


@pytest.mark.parametrize(
    "model",
    [
        sliced(USUAL[:3]),
        sliced((*USUAL[:3], (0, 0))),
        sliced(USUAL, axis=0),
        sliced(USUAL, step=3),
        sliced(USUAL, end=4),
        sliced(USUAL, sides=(6, 8, 2)),
        of_two(),
    ],
)
def test_what_is_none_stays_as_it_is(model: Any) -> None:
    before = kinds(model)
    fuse_focus(model)
    assert kinds(model) == before
