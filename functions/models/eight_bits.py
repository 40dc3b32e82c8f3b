"""A network in whole numbers of eight bits, rounded by what its training left in it: no pictures are needed."""

from __future__ import annotations

from typing import Any

import numpy as np

from functions.geometry.boxes import Floats

Bounds = tuple[float, float]

# What a first convolution takes: channels may come last.
_PICTURE = {"Parameter", "Transpose"}
_CONVOLUTIONS = {"Convolution", "GroupConvolution"}
_ROUNDING = "FakeQuantize"
_DEVIATIONS = 6
# Weights are whole numbers from minus this to this.
_LARGEST = 127


def in_eight_bits(model: Any, picture: Bounds) -> None:
    """Make the convolutions of a model that takes a picture of such values work in eight bits.

    Weights are rounded by output channel, of which each keeps their sum (after Guo et al., SQuant: On-the-Fly Data-Free
    Quantization via Diagonal Hessian Approximation, 2022). What a convolution takes is rounded within the bounds of the
    picture, or of the clamp before it, or within six of the standard deviations that the batch normalisation before it
    has by channel (Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction, 2019). Others
    stay as they are.
    """
    convolutions = [node for node in model.get_ordered_ops() if node.get_type_name() in _CONVOLUTIONS]
    known = [(node, bounds) for node in convolutions if (bounds := _bounds(_source(node, 0), picture))]
    for node, bounds in known:
        if _source(node, 0).get_type_name() != _ROUNDING:
            _round_output(node.input_value(0), bounds)
        node.input(1).replace_source_output(_rounded_weights(node).output(0))


def _round_output(output: Any, bounds: Bounds) -> None:
    takers = output.get_target_inputs()
    low, high = (np.float32(bound) for bound in bounds)
    rounded = _rounded(output, low, high, levels=256)
    for taker in takers:
        taker.replace_source_output(rounded.output(0))


def _rounded_weights(convolution: Any) -> Any:
    from openvino import opset13 as ops

    weights = _constant(convolution, 1)
    # Those of a grouped convolution are (groups, outputs, inputs, rows, columns).
    of_a_channel = tuple(range(weights.ndim - 3, weights.ndim))
    most = np.maximum(np.abs(weights).max(axis=of_a_channel, keepdims=True), np.finfo(np.float32).tiny)
    step = most / _LARGEST
    whole = ops.constant((step * _keeping_sums(weights / step)).astype(np.float32))
    return _rounded(whole.output(0), -most, most, levels=2 * _LARGEST + 1)


def _keeping_sums(weights: Floats) -> Floats:
    """Whole numbers, which add up to what the weights did for each output channel, to within a half.

    What is side by side in a picture is much alike, so a sum counts for more than its parts: where a norm enlarges what
    is left of weights that nearly cancel, one convolution whose weights were each rounded to the nearest did as much
    harm as all others.
    """
    of_a_channel = weights.reshape(*weights.shape[:-3], -1)
    nearest = np.rint(of_a_channel)
    lost = of_a_channel - nearest
    missing = np.rint(lost.sum(axis=-1, keepdims=True))
    # Those that lost most are the ones to be rounded the other way.
    rank = np.argsort(np.argsort(-lost * np.sign(missing), axis=-1), axis=-1)
    kept = nearest + np.sign(missing) * (rank < np.abs(missing))
    return np.asarray(kept.reshape(weights.shape))


def _rounded(output: Any, low: Any, high: Any, levels: int) -> Any:
    from openvino import opset13 as ops

    return ops.fake_quantize(output, low, high, low, high, levels)


def _bounds(node: Any, picture: Bounds) -> Bounds | None:
    if node.get_type_name() in _PICTURE:
        return picture
    if node.get_type_name() == "Clamp":
        limits = node.get_attributes()
        return limits["min"], limits["max"]
    spread = _spread(node)
    if spread is None:
        return None
    means, deviations = spread
    most = float((np.abs(means) + _DEVIATIONS * deviations).max())
    # Eight bits have one number more below zero than above.
    return -most * 128 / 127, most


def _spread(node: Any) -> tuple[Floats, Floats] | None:
    """Mean and standard deviation of each channel behind a batch normalisation, or behind a sum of such."""
    if node.get_type_name() != "Add":
        return None
    shift = _constant(node, 1)
    if shift is None:
        one, other = (_spread(_source(node, at)) for at in (0, 1))
        return one and other and (one[0] + other[0], np.hypot(one[1], other[1]))
    scale = _constant(_source(node, 0), 1) if _source(node, 0).get_type_name() == "Multiply" else None
    return None if scale is None else (shift.ravel(), np.abs(scale).ravel())


def _source(node: Any, at: int) -> Any:
    return node.input_value(at).get_node()


def _constant(node: Any, at: int) -> Any:
    source = _source(node, at)
    return source.get_data() if source.get_type_name() == "Constant" else None
