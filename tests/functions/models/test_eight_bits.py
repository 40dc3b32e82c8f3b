"""Convolutions work in eight bits where training left the bounds of what they take, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from functions.geometry.boxes import Floats
from functions.models.eight_bits import in_eight_bits
from functions.models.openvino_net import EIGHT_BITS, EXACT, InputForm, Network, openvino

SIDE, CHANNELS = 32, 8
FORM = InputForm((SIDE, SIDE), mean=127.5, scale=127.5)


@pytest.mark.usefixtures("eight_bits")
def test_outputs_are_those_of_32_bits_but_for_rounding() -> None:
    picture = np.random.default_rng(5).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    exact, rounded = (
        Network("small", small(), FORM, "CPU", precision)(picture)[0] for precision in (EXACT, EIGHT_BITS)
    )
    assert 0 < np.abs(exact - rounded).max() < 0.15 * exact.std()


def test_all_are_rounded_but_those_whose_bounds_are_not_known() -> None:
    model = small()
    in_eight_bits(model, FORM.bounds)
    assert [rounded(node) for node in model.get_ordered_ops() if is_convolution(node)] == [
        ("-1 to 1", True),  # the picture
        ("0 to 6", True),
        ("0 to 6", True),  # a clamp
        ("-12.1 to 12", True),  # a norm of mean 0 and deviation 2
        ("-22.8 to 22.6", True),  # the sum of two: means 1 + 0, deviations 3 and 2
        (None, False),  # nothing that bounds
    ]


def test_what_is_taken_twice_is_rounded_once() -> None:
    model = small()
    in_eight_bits(model, FORM.bounds)
    roundings = [node for node in model.get_ordered_ops() if node.get_type_name() == "FakeQuantize"]
    of_weights = [node for node in roundings if node.input_value(0).get_node().get_type_name() == "Constant"]
    assert (len(of_weights), len(roundings) - len(of_weights)) == (5, 5)


@pytest.mark.usefixtures("eight_bits")
def test_weights_are_rounded_by_output_channel() -> None:
    """One channel's are a thousand times another's, which would be nothing beside them."""
    kernel = np.geomspace(0.001, 1, CHANNELS, dtype=np.float32).reshape(CHANNELS, 1, 1, 1) * np.ones(
        (1, CHANNELS, 1, 1)
    )

    def uneven(layer: Any, ops: Any) -> Any:
        layer = clamped(convolved(convolved(layer, 3, ops), CHANNELS, ops), ops)
        return ops.convolution(layer, kernel.astype(np.float32), [1, 1], [0, 0], [0, 0], [1, 1])

    picture = np.full((SIDE, SIDE, 3), 200, np.uint8)
    exact, rounded = (
        Network("uneven", model_of(uneven), FORM, "CPU", precision)(picture)[0] for precision in (EXACT, EIGHT_BITS)
    )
    assert np.abs(rounded / exact - 1).max() < 0.05


def test_weights_of_a_channel_keep_their_sum() -> None:
    """To half a step, each of them within a step: some are rounded away from the nearest."""
    model = model_of(lambda layer, ops: convolved(layer, 3, ops, side=3))
    (convolution,) = (node for node in model.get_ordered_ops() if is_convolution(node))
    exact = convolution.input_value(1).get_node().get_data().copy()
    in_eight_bits(model, FORM.bounds)
    rounding = convolution.input_value(1).get_node()
    step = bound(rounding, 2) / 127
    lost = (exact - bound(rounding, 0)) / step
    assert np.abs(lost.sum(axis=(1, 2, 3))).max() <= 0.5 + 1e-3
    assert 0.5 < np.abs(lost).max() < 1


def small() -> Any:
    """Six convolutions, the sum of two norms among what they take."""

    def layers(layer: Any, ops: Any) -> Any:
        layer = clamped(convolved(layer, 3, ops), ops)
        layer = clamped(convolved(layer, CHANNELS, ops), ops)
        first = normed(convolved(layer, CHANNELS, ops), 2, 0, ops)
        second = normed(convolved(first, CHANNELS, ops), 3, 1, ops)
        both = convolved(ops.add(first, second), CHANNELS, ops)
        return convolved(ops.relu(both), CHANNELS, ops)

    return model_of(layers)


def model_of(layers: Callable[[Any, Any], Any]) -> Any:
    openvino()
    from openvino import opset13 as ops

    picture = ops.parameter([1, 3, SIDE, SIDE], np.float32)
    return openvino().Model([layers(picture, ops)], [picture])


def convolved(layer: Any, channels: int, ops: Any, side: int = 1) -> Any:
    kernel = np.random.default_rng(channels).normal(0.1, channels**-0.5, (CHANNELS, channels, side, side))
    return ops.convolution(layer, kernel.astype(np.float32), [1, 1], [0, 0], [0, 0], [1, 1])


def clamped(layer: Any, ops: Any) -> Any:
    return ops.clamp(layer, 0, 6)


def normed(layer: Any, deviation: float, mean: float, ops: Any) -> Any:
    scale, shift = (np.full((1, CHANNELS, 1, 1), value, np.float32) for value in (deviation, mean))
    return ops.add(ops.multiply(layer, scale), shift)


def is_convolution(node: Any) -> bool:
    return "Convolution" in node.get_type_name()


def rounded(convolution: Any) -> tuple[str | None, bool]:
    """Within what a convolution's input is rounded, and whether its weights are."""
    layer, weights = (convolution.input_value(at).get_node() for at in (0, 1))
    return within(layer), weights.get_type_name() == "FakeQuantize"


def within(node: Any) -> str | None:
    if node.get_type_name() != "FakeQuantize":
        return None
    low, high = (bound(node, at) for at in (1, 2))
    return f"{low.item():.3g} to {high.item():.3g}"


def bound(node: Any, at: int) -> Floats:
    values: Floats = node.input_value(at).get_node().get_data()
    return values
