"""Find the things of everyday life with a small model of COCO's 80 labels, fetched once."""

from __future__ import annotations

from functions.core.frame import Frame
from functions.core.labels import COCO, chosen
from functions.core.options import Confidence, Labels, Tiles
from functions.core.registry import function
from functions.models.onnx_detector import OnnxDetector

_MODEL = "yolox-nano"


def _labels(*, labels: tuple[str, ...], **_: object) -> tuple[str, ...]:
    return chosen(COCO, labels)


def _ready(*, labels: tuple[str, ...], **_: object) -> None:
    OnnxDetector.load(_MODEL).findable(labels)


@function(labels=_labels, ready=_ready)
def detect_objects(
    frame: Frame, *, labels: Labels = (), minimum_confidence: Confidence = 0.2, tiles: Tiles = "1x1"
) -> Frame:
    """Find people, vehicles, animals and things, 80 labels (YOLOX-nano)."""
    found = OnnxDetector.load(_MODEL).detections(frame.image, labels, minimum_confidence, tiles)
    return frame.with_detections([*frame.detections, *found])
