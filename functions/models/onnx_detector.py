"""An ONNX detector with its labels, for the functions `detect_onnx` and `detect_objects`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from functions.core.errors import UsageError
from functions.core.frame import Frame
from functions.core.labels import chosen
from functions.geometry.tiles import found_in, looks
from functions.models.catalogue import catalogue, find
from functions.models.families.family import Anchors
from functions.models.onnx_net import Asked, OnnxNet, onnx_net
from functions.models.openvino_net import Device, check_device


@dataclass(frozen=True)
class View:
    """How a picture is looked at: the options that detectors share."""

    minimum_confidence: float
    tiles: str
    smallest_px: int
    max_looks: int


@dataclass(frozen=True)
class OnnxDetector:
    """A loaded model and its labels; threads may share it."""

    net: OnnxNet

    @classmethod
    def load(
        cls,
        model: str,
        device: Device,
        family: str = "",
        labels_file: str = "",
        input_size: int | None = None,
        anchors: Anchors = (),
    ) -> OnnxDetector:
        """The model of this process: a path, or a name with what the catalogue knows of it. Raises UsageError."""
        check_device(device)
        known = catalogue().get(model)
        if known:
            family, anchors = family or known.family, anchors or known.anchors
        labels = _labels(labels_file) if labels_file else ()
        return cls(onnx_net(find(model), Asked(family, labels, input_size, anchors, device)))

    def findable(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        """Those of its labels that are wanted. Raises UsageError for one that it has not."""
        return chosen(self.net.labels, labels)

    def detect(self, frame: Frame, labels: tuple[str, ...], view: View) -> Frame:
        """The frame with what is in its picture, of the labels wanted."""
        plan = looks(frame.size_wh, self.net.sight, view.tiles, view.smallest_px, view.max_looks)
        look = partial(self.net.find, minimum_confidence=view.minimum_confidence)
        found = found_in(frame.image, plan, look).detections(self.net.labels)
        wanted = set(self.findable(labels))
        kept = (thing for thing in found if thing.label in wanted)
        return frame.with_unseen(plan.left_out).with_detections([*frame.detections, *kept])


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
def _labels(path: str) -> tuple[str, ...]:
    try:
        lines = [line.strip() for line in Path(path).read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Labels {path}: expected a text file, got: {error}") from None
    if not lines:
        raise UsageError(f"Labels {path}: expected a name for each class, one a line, got none")
    return tuple(lines)
