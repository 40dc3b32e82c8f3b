"""A family of detectors: what its picture looks like, how its outputs are recognised and become boxes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from functions.core.frame import Size
from functions.core.jpeg import Image
from functions.geometry.boxes import Boxes, Floats
from functions.models.weights import WeightsError

Shape = tuple[int, ...]
Anchors = tuple[tuple[tuple[float, float], ...], ...]
# Boxes no side of which is longer are not in pixels: a network's input is hundreds wide.
_SHARES_UP_TO = 2.0
# What arithmetic of 16 bits may make of a confidence of 1 or 0.
_ROUNDING = 0.01


@dataclass(frozen=True)
class InputSpec:
    """What a decoder must know of the network's input: its size and, for some families, the anchors of each output."""

    input_wh: Size
    anchors: Anchors = ()


@dataclass(frozen=True)
class Claims:
    """What a file says of itself: its task, the names of its classes, and the values of a box's key points."""

    task: str = "detect"
    names: tuple[str, ...] = ()
    keypoint_values: int = 0


@dataclass(frozen=True)
class Reading:
    """One way to read a file's outputs.

    `classes` is 0 where nothing says it. `misfit` says of outputs why they cannot be meant so, if they cannot.
    """

    classes: int
    decode: Callable[[Sequence[Floats], InputSpec, float], Boxes]
    misfit: Callable[[Sequence[Floats], InputSpec], str | None] = lambda outputs, spec: None


@dataclass(frozen=True)
class Family:
    """One family. Boxes are decoded as shares 0 to 1 of the network's input."""

    outputs: str
    """The shapes of its outputs, in words."""
    readings: Callable[[Sequence[Shape], Size, Claims], Iterable[Reading]]
    """The ways in which outputs of these shapes can be read; none if they are not of this family."""
    rgb: bool
    scale: float
    """What the pixels of 0 to 255 are divided by."""
    fill: int
    """The padding of the letterbox."""
    centred: bool
    iou_from: float
    """The IoU from which non-maximum suppression drops the lesser of two boxes of one class."""


def rgb_0_to_1(image: Image) -> NDArray[np.float32]:
    """RGB between 0 and 1."""
    pixels: NDArray[np.float32] = image[:, :, ::-1].astype(np.float32) / np.float32(255)
    return pixels


def cells(input_wh: Size, strides: Sequence[int] = (8, 16, 32)) -> tuple[Floats, Floats]:
    """Left top corners (n, 2) and sizes (n, 1) in pixels of all cells, row by row, level by level."""
    corners, sizes = [], []
    for stride in strides:
        y, x = np.mgrid[: input_wh[1] // stride, : input_wh[0] // stride]
        corners.append(np.stack([x, y], axis=-1).reshape(-1, 2) * stride)
        sizes.append(np.full((x.size, 1), stride))
    return np.concatenate(corners).astype(np.float32), np.concatenate(sizes).astype(np.float32)


def count_cells(input_wh: Size) -> int:
    """How many cells there are at strides 8, 16 and 32."""
    return sum((input_wh[0] // stride) * (input_wh[1] // stride) for stride in (8, 16, 32))


def from_centers(centers: Floats, sizes: Floats, input_wh: Size) -> Floats:
    """Boxes as shares of the input from centres and sizes (n, 2) in its pixels."""
    corners = np.concatenate([centers - sizes / 2, centers + sizes / 2], axis=1)
    shares: Floats = np.divide(corners, np.array(input_wh * 2), dtype=np.float32)
    return shares


def in_pixels(boxes: Floats, input_wh: Size) -> Floats:
    """Boxes (n, 4) of all cells in pixels of the input, whether they were given so or as shares of it."""
    if boxes.size == 0 or np.abs(boxes).max() > _SHARES_UP_TO:
        return boxes
    pixels: Floats = boxes * np.array(input_wh * 2, np.float32)
    return pixels


def why_no_confidences(scores: Floats) -> str | None:
    """Why these values cannot be confidences, if they cannot: logits, key points and angles are none."""
    low, high = (float(scores.min()), float(scores.max())) if scores.size else (0.0, 0.0)
    if low >= -_ROUNDING and high <= 1 + _ROUNDING:
        return None
    return f"expected confidences from 0 to 1, got {low:.3g} to {high:.3g}"


def confidences(scores: Floats) -> Floats:
    """The best scores of all cells, if they are confidences. Raises WeightsError."""
    if problem := why_no_confidences(scores):
        raise WeightsError(f"Outputs of the model: {problem}")
    within: Floats = np.clip(scores, 0, 1)
    return within


def rows_of(output: Floats, by_column: bool) -> Any:
    """One row a box of an output for one picture."""
    return output[0].T if by_column else output[0]
