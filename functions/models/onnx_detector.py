"""An ONNX detector with its labels, for the functions `detect_onnx` and `detect_objects`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from functions.core.errors import UsageError
from functions.core.frame import Detection
from functions.core.jpeg import Image
from functions.core.labels import chosen
from functions.geometry.boxes import grid_of, in_tiles
from functions.models.catalogue import catalogue, find
from functions.models.families.family import Anchors
from functions.models.onnx_net import OnnxNet, onnx_net


@dataclass(frozen=True)
class OnnxDetector:
    """A loaded model and its labels. For one thread only."""

    net: OnnxNet
    labels: tuple[str, ...]

    @classmethod
    def load(
        cls,
        model: str,
        family: str = "",
        labels_file: str = "",
        input_size: int | None = None,
        anchors: Anchors = (),
    ) -> OnnxDetector:
        """The model of this thread: a path, or a name with what the catalogue knows of it. Raises UsageError."""
        known = catalogue().get(model)
        if known:
            family, anchors = family or known.family, anchors or known.anchors
        net = onnx_net(find(model), family, anchors, input_size)
        return cls(net, _labels(labels_file, len(net.labels)) if labels_file else net.labels)

    def findable(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        """Those of its labels that are wanted. Raises UsageError for one that it has not."""
        return chosen(self.labels, labels)

    def detections(
        self, image: Image, labels: tuple[str, ...], minimum_confidence: float, tiles: str
    ) -> list[Detection]:
        """What is in the image, of the labels wanted."""
        look = partial(self.net.find, minimum_confidence=minimum_confidence)
        wanted = set(self.findable(labels))
        found = in_tiles(image, grid_of(tiles), look).detections(self.labels)
        return [thing for thing in found if thing.label in wanted]


@cache
def anchors_of(text: str) -> Anchors:
    """Anchors written `w,h w,h …`, three for each grid. Raises UsageError."""
    try:
        sizes = [(float(width), float(height)) for width, height in (pair.split(",") for pair in text.split())]
    except ValueError:
        raise UsageError(f"Anchors: expected `width,height width,height …`, got {text!r}") from None
    if len(sizes) % 3:
        raise UsageError(f"Anchors: expected three for each grid, got {len(sizes)}")
    return tuple(tuple(sizes[first : first + 3]) for first in range(0, len(sizes), 3))


@cache
def _labels(path: str, classes: int) -> tuple[str, ...]:
    try:
        lines = [line.strip() for line in Path(path).read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Labels {path}: expected a text file, got: {error}") from None
    if len(lines) != classes:
        raise UsageError(f"Labels {path}: expected {classes} lines, one for each class of the model, got {len(lines)}")
    return tuple(lines)
