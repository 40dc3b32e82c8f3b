"""Find things with ImageAI's YOLOv3 or TinyYOLOv3 on TensorFlow, decoded fast and in the right place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta

from functions.core.errors import UsageError
from functions.core.frame import Frame
from functions.core.labels import COCO, chosen
from functions.core.options import Confidence, Labels
from functions.core.registry import function
from functions.models.catalogue import catalogue, find
from functions.models.imageai_model import ANCHORS, SPEEDS, STRIDE, ImageAIModel, imageai_model
from functions.models.onnx_detector import anchors_of

Name = Annotated[Literal["tiny-yolov3", "yolov3"], Meta(description="Which of ImageAI's models")]
Weights = Annotated[str, Meta(description="Path of its .h5 file; none is the one of the model's name")]
Speed = Annotated[
    Literal["normal", "fast", "faster", "fastest", "flash"], Meta(description="Faster looks at a smaller picture")
]
Side = Annotated[int, Meta(ge=0, le=4096, multiple_of=STRIDE, description="Side of the input; 0 is that of the speed")]
AnchorText = Annotated[str, Meta(description="`w,h w,h …` of weights trained with anchors of their own")]


def _model(*, model: str, weights: str, anchors: str, **_: Any) -> ImageAIModel:
    path = find(weights or model)
    return imageai_model(model, path, anchors_of(anchors) or _anchors(model, path))


def _anchors(model: str, weights: Path) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Those of a file that the catalogue knows, else those that ImageAI decodes with."""
    known = catalogue()[model]
    own = known.anchors if weights.name == known.file else ()
    return own or ANCHORS[model]


def _side(model: str, speed: str, input_size: int) -> int:
    side = input_size or SPEEDS[model][speed]
    if side % STRIDE:
        raise UsageError(
            f"Speed {speed} of {model}: expected an input of a multiple of {STRIDE}, got {side}, so that "
            "ImageAI cannot run it either; use another speed or --input-size"
        )
    return side


def _labels(*, labels: tuple[str, ...], **_: Any) -> tuple[str, ...]:
    return chosen(COCO, labels)  # asked for by pages, too, which need no TensorFlow for it


def _ready(*, model: str, speed: str, input_size: int, labels: tuple[str, ...], **options: Any) -> None:
    loaded = _model(model=model, **options)
    chosen(COCO, labels)
    side = _side(model, speed, input_size)
    loaded.find(np.zeros((side, side, 3), np.uint8), side, 1.0)  # TensorFlow plans its work at the first call


@function(labels=_labels, ready=_ready)
def detect_imageai(
    frame: Frame,
    *,
    model: Name = "tiny-yolov3",
    weights: Weights = "",
    labels: Labels = (),
    minimum_confidence: Confidence = 0.5,
    speed: Speed = "normal",
    input_size: Side = 0,
    anchors: AnchorText = "",
) -> Frame:
    """Find things of 80 labels with ImageAI on TensorFlow."""
    loaded = _model(model=model, weights=weights, anchors=anchors)
    wanted = set(chosen(COCO, labels))
    found = loaded.find(frame.image, _side(model, speed, input_size), minimum_confidence).detections(COCO)
    return frame.with_detections([*frame.detections, *(thing for thing in found if thing.label in wanted)])
