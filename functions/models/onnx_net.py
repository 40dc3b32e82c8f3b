"""An ONNX model in onnxruntime, one session a thread; its family is recognised by its outputs."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np

from functions.core import labels as names
from functions.core.frame import Size
from functions.core.jpeg import Image
from functions.core.per_thread import per_thread
from functions.geometry.boxes import Boxes, Floats, best
from functions.geometry.letterbox import Letterbox
from functions.models.families import FAMILIES, Family, InputSpec
from functions.models.families.family import Anchors
from functions.models.weights import WeightsError

_USUAL_SIDE = 416
_ERRORS_ONLY = 3


class OnnxNet:
    """A detector. For one thread only."""

    def __init__(self, path: Path, family: str, anchors: Anchors, input_size: int | None) -> None:
        self._path = path
        self._session = _session(path)
        self._input = _picture_input(path, self._session)
        self._spec = InputSpec(_input_wh(path, self._input, self._metadata(), input_size), anchors)
        shapes = [output.shape for output in self._run(np.zeros((*self._spec.input_wh[::-1], 3), np.float32))]
        self._family, classes = self._recognised(shapes, family)
        self.labels = _labels(self._metadata(), classes)
        self.find(np.zeros((*self._spec.input_wh[::-1], 3), np.uint8), minimum_confidence=1.0)  # anchors may not fit

    def find(self, image: Image, minimum_confidence: float) -> Boxes:
        """What is in a BGR picture of any size."""
        height, width = image.shape[:2]
        box = Letterbox.fit((width, height), self._spec.input_wh, self._family.centred)
        outputs = self._run(box.draw(self._family.pixels(image), self._family.fill))
        found = self._family.decode(outputs, self._spec, minimum_confidence)
        return best(found._replace(xyxy=box.to_picture(found.xyxy)), self._family.iou_from)

    def _run(self, pixels: Any) -> list[Floats]:
        blob = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32)
        try:
            outputs: list[Floats] = self._session.run(None, {self._input.name: blob})
        except Exception as error:  # onnxruntime has a class for each of its codes
            raise WeightsError(f"Model {self._path} does not run on a picture: {_first_line(error)}") from None
        return outputs

    def _recognised(self, shapes: list[tuple[int, ...]], wanted: str) -> tuple[Family, int]:
        for name, family in FAMILIES.items():
            classes = family.classes(shapes, self._spec.input_wh)
            if classes is not None and wanted in ("", name):
                return family, classes
        known = "; ".join(f"{name}: {family.outputs}" for name, family in FAMILIES.items() if wanted in ("", name))
        outputs = ", ".join(
            f"{output.name} {shape}" for output, shape in zip(self._session.get_outputs(), shapes, strict=True)
        )
        raise WeightsError(f"Model {self._path}: expected the outputs of a detector ({known}), got {outputs}")

    def _metadata(self) -> dict[str, str]:
        metadata: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        return metadata


@per_thread
def onnx_net(path: Path, family: str = "", anchors: Anchors = (), input_size: int | None = None) -> OnnxNet:
    """The model of this thread, loaded when first asked for; `family` is recognised if empty. Raises WeightsError."""
    return OnnxNet(path, family, anchors, input_size)


def _session(path: Path) -> Any:
    import onnxruntime  # only where it is used: it tells its makers of that, unless told not to

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    # A stage works on several frames at once: threads within one would only get in their way.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        problem = f"expected an ONNX file, got one that does not load: {_first_line(error)}"
        raise WeightsError(f"Model {path}: {problem}") from None


def _picture_input(path: Path, session: Any) -> Any:
    inputs = session.get_inputs()
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].shape[1] != 3 or inputs[0].type != "tensor(float)":
        got = ", ".join(f"{given.name} {given.type} {given.shape}" for given in inputs)
        raise WeightsError(f"Model {path}: expected one input, float of (1, 3, height, width), got {got}")
    return inputs[0]


def _input_wh(path: Path, given: Any, metadata: dict[str, str], wanted: int | None) -> Size:
    """The size of its input: the model's own, else what is wanted, else what it was trained with."""
    height, width = given.shape[2:]
    if isinstance(height, int) and isinstance(width, int):
        if wanted not in (None, height) or (wanted and height != width):
            raise WeightsError(f"Model {path}: expected its own input size, {width}x{height}, got {wanted}")
        return width, height
    trained = ast.literal_eval(metadata["imgsz"]) if "imgsz" in metadata else (_USUAL_SIDE, _USUAL_SIDE)
    return (wanted, wanted) if wanted else (trained[1], trained[0])


def _labels(metadata: dict[str, str], classes: int) -> tuple[str, ...]:
    """The names of its classes: as the model says, else those of COCO, else numbers."""
    if "names" in metadata:
        said = ast.literal_eval(metadata["names"])
        return tuple(str(said[index]) for index in range(classes))
    return names.COCO if classes == len(names.COCO) else tuple(f"class {index}" for index in range(classes))


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
