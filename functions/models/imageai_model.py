"""TinyYOLOv3 and YOLOv3 as ImageAI builds and loads them, run by TensorFlow and decoded here."""

from __future__ import annotations

import contextlib
import importlib
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from functions.core.errors import UsageError
from functions.core.jpeg import Image
from functions.geometry.boxes import Boxes, Floats, best
from functions.geometry.letterbox import Letterbox
from functions.models.families import yolov3
from functions.models.families.family import Anchors, InputSpec, rgb_0_to_1
from functions.models.weights import WeightsError

# What ImageAI calls its speeds, as the side of the network's input.
SPEEDS: dict[str, dict[str, int]] = {
    "tiny-yolov3": {"normal": 832, "fast": 576, "faster": 416, "fastest": 320, "flash": 272},
    "yolov3": {"normal": 416, "fast": 320, "faster": 208, "fastest": 128, "flash": 96},
}
STRIDE = 32
# ImageAI decodes both models with the anchors of YOLOv3, so that is what weights trained for it are made for.
ANCHORS: dict[str, Anchors] = {"yolov3": yolov3.USUAL_ANCHORS[3], "tiny-yolov3": yolov3.USUAL_ANCHORS[3][:2]}
_CHOOSE = {"yolov3": "setModelTypeAsYOLOv3", "tiny-yolov3": "setModelTypeAsTinyYOLOv3"}
_GREY = 0.5
_SAME_THING_FROM = 0.45


@dataclass(frozen=True)
class ImageAIModel:
    """A loaded model; threads may share it."""

    network: Callable[[Floats], list[Floats]]
    anchors: Anchors

    def find(self, image: Image, side: int, minimum_confidence: float) -> Boxes:
        """What is in a BGR picture of any size; `side` is that of the network's input."""
        height, width = image.shape[:2]
        box = Letterbox.fit((width, height), (side, side), centred=True)
        grids = self.network(box.draw(rgb_0_to_1(image), _GREY)[None])
        found = yolov3.decode_grids(
            [grid[0] for grid in grids], InputSpec((side, side), self.anchors), minimum_confidence
        )
        return best(found._replace(xyxy=box.to_picture(found.xyxy)), _SAME_THING_FROM)


_models: dict[tuple[str, Path, Anchors], ImageAIModel] = {}
_loading = threading.Lock()


def imageai_model(name: str, weights: Path, anchors: Anchors) -> ImageAIModel:
    """The model of this process, loaded when first asked for. Raises UsageError."""
    key = (name, weights, anchors)
    with _loading:
        if key not in _models:
            _models[key] = _load(name, weights, anchors)
    return _models[key]


def _load(name: str, weights: Path, anchors: Anchors) -> ImageAIModel:
    with _quiet():
        try:
            detection, tensorflow = map(importlib.import_module, ("imageai.Detection", "tensorflow"))
        except ImportError as error:
            raise UsageError(f"detect_imageai needs ImageAI and TensorFlow ({error}); run: make imageai") from None
        detector = detection.ObjectDetection()
        getattr(detector, _CHOOSE[name])()
        detector.setModelPath(str(weights))
        try:
            detector.loadModel()
        except Exception as error:  # a bare file, HDF5 or Keras: each has errors of its own
            problem = f"expected those of {name} in ImageAI's format (.h5), got: {str(error).strip().splitlines()[0]}"
            raise WeightsError(f"Weights {weights}: {problem}") from None
        (model,) = detector._ObjectDetection__model_collection
        return ImageAIModel(_network(tensorflow, model), anchors)


def _network(tensorflow: Any, model: Any) -> Callable[[Floats], list[Floats]]:
    """The model as one call, its weights made constants: TensorFlow then joins layers, and takes half the time."""
    constants = importlib.import_module("tensorflow.python.framework.convert_to_constants")
    pictures = tensorflow.TensorSpec((1, None, None, 3), tensorflow.float32)
    call = tensorflow.function(lambda given: model(given, training=False), input_signature=[pictures])
    frozen = constants.convert_variables_to_constants_v2(call.get_concrete_function())
    return lambda pixels: [np.asarray(grid) for grid in frozen(tensorflow.constant(pixels))]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Nothing on standard error: TensorFlow's libraries write there themselves, whatever Python says."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
