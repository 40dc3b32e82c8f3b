"""A family of detectors: preprocessing of the picture, shapes of the outputs, decoding of the boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from functions.core.frame import Size
from functions.core.jpeg import Image
from functions.geometry.boxes import Boxes, Floats

Shape = tuple[int, ...]
Anchors = tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True)
class InputSpec:
    """What a decoder must know of the network's input: its size and, for some families, the anchors of each output."""

    input_wh: Size
    anchors: Anchors = ()


@dataclass(frozen=True)
class Family:
    """One family. Boxes are decoded as shares 0 to 1 of the network's input."""

    outputs: str
    """The shapes of its outputs, in words."""
    classes: Callable[[Sequence[Shape], Size], int | None]
    """The number of classes of outputs of these shapes; None if they are not of this family."""
    decode: Callable[[Sequence[Floats], InputSpec, float], Boxes]
    """The boxes in the outputs of one picture, from a minimum confidence on."""
    pixels: Callable[[Image], NDArray[Any]]
    """The picture in the network's colour order and range, of shape (height, width, 3)."""
    fill: float
    """The padding of the letterbox, in that range."""
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
