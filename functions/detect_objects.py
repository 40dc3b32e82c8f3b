"""Find the things of everyday life with a small model of COCO's 80 labels, fetched once."""

from __future__ import annotations

from functions.core.frame import Frame
from functions.core.labels import COCO, chosen
from functions.core.options import Confidence, DeviceName, Labels, MaxLooks, Smallest, Tiles
from functions.core.registry import function
from functions.models.onnx_detector import OnnxDetector, View

_MODEL = "yolox-nano"


def _labels(*, labels: tuple[str, ...], **_: object) -> tuple[str, ...]:
    return chosen(COCO, labels)


def _ready(*, labels: tuple[str, ...], device: DeviceName, **_: object) -> None:
    OnnxDetector.load(_MODEL, device).findable(labels)


@function(labels=_labels, ready=_ready)
def detect_objects(
    frame: Frame,
    *,
    labels: Labels = (),
    minimum_confidence: Confidence = 0.2,
    tiles: Tiles = "auto",
    smallest_px: Smallest = 48,
    max_looks: MaxLooks = 32,
    device: DeviceName = "CPU",
) -> Frame:
    """Find people, vehicles, animals and things, 80 labels (YOLOX-nano)."""
    view = View(minimum_confidence, tiles, smallest_px, max_looks)
    return OnnxDetector.load(_MODEL, device).detect(frame, labels, view)
