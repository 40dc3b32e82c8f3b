"""Find things with a detector of one's own: any ONNX file of a known family."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from functions.core.frame import Frame
from functions.core.options import Confidence, DeviceName, Labels, MaxLooks, Smallest, Tiles
from functions.core.registry import function
from functions.models.onnx_detector import OnnxDetector, View, anchors_of

Weights = Annotated[str, Meta(description="Path of an ONNX file, or the name of a model")]
FamilyName = Annotated[
    Literal["auto", "yolov3", "yolox", "yolov8", "end-to-end"], Meta(description="What its outputs mean")
]
LabelsFile = Annotated[str, Meta(description="Names of the classes, one a line, where the model has none")]
Side = Annotated[int, Meta(ge=0, le=4096, description="Side of the input of a model that takes any; 0 is its own")]
Anchors = Annotated[str, Meta(description="YOLOv3: `w,h w,h …` in pixels of the input, the coarsest grid first")]


def _detector(
    *, model: str, family: str, labels_file: str, input_size: int, anchors: str, device: DeviceName, **_: Any
) -> OnnxDetector:
    said = "" if family == "auto" else family
    return OnnxDetector.load(model, device, said, labels_file, input_size or None, anchors_of(anchors))


def _labels(*, labels: tuple[str, ...], **options: Any) -> tuple[str, ...]:
    return _detector(**options).findable(labels)


@function(labels=_labels, ready=_labels)
def detect_onnx(
    frame: Frame,
    *,
    model: Weights = "yolox-nano",
    family: FamilyName = "auto",
    labels: Labels = (),
    labels_file: LabelsFile = "",
    minimum_confidence: Confidence = 0.25,
    tiles: Tiles = "auto",
    smallest_px: Smallest = 48,
    max_looks: MaxLooks = 32,
    input_size: Side = 0,
    anchors: Anchors = "",
    device: DeviceName = "CPU",
) -> Frame:
    """Find things with an ONNX model of your own (YOLOv3, YOLOX, YOLOv8, YOLO11, YOLOv10 and other end-to-end ones)."""
    detector = _detector(
        model=model, family=family, labels_file=labels_file, input_size=input_size, anchors=anchors, device=device
    )
    return detector.detect(frame, labels, View(minimum_confidence, tiles, smallest_px, max_looks))
