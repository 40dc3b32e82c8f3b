"""ONNX files that say one thing and are another: each is run right, or refused in one line before the first frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from functions import Frame
from functions.core.errors import UsageError
from functions.core.registry import load
from functions.detect_onnx import detect_onnx
from functions.models.onnx_trial import check_numbers
from tests.functions.models.tiny_onnx import write

CELLS = 84  # of a picture of 64x64: 64, 16 and 4
BOX = (22, 12, 42, 52)
CENTRE = (32, 32, 20, 40)
PERSON, TWO = {"names": "{0: 'person'}"}, {"names": "{0: 'person', 1: 'car'}"}
POSE = {**PERSON, "task": "pose", "kpt_shape": "[17, 3]"}
GREY = Frame.from_image(np.full((64, 64, 3), 128, np.uint8))


def columns(classes: int, *behind: float) -> np.ndarray:
    """As YOLOv8 says it: .9 for the first class in one cell."""
    output = np.zeros((1, 4 + classes + len(behind), CELLS), np.float32)
    output[0, :, 50] = [*CENTRE, 0.9, *[0] * (classes - 1), *behind]
    return output


def rows(box: tuple[float, ...], *scores: float) -> np.ndarray:
    """As YOLOX says it, in the first cell of the second grid."""
    output = np.zeros((1, CELLS, 4 + len(scores)), np.float32)
    output[0, 64] = [*box, *scores]
    return output


def chosen(*row: float, of: int = 300) -> np.ndarray:
    """As an end-to-end detector says it."""
    output = np.zeros((1, of, len(row)), np.float32)
    output[0, 0] = row
    return output


def transposed(output: np.ndarray) -> np.ndarray:
    return output.transpose(0, 2, 1)


def in_shares(output: np.ndarray, axis: int) -> np.ndarray:
    scale = np.ones(output.shape[axis], np.float32)
    scale[:4] = 64
    return output / np.expand_dims(scale, 1 if axis == 1 else 0)


DECODED = rows(CENTRE, 0.9, 1, 0)
RELATIVE = rows((1, 1, float(np.log(20 / 16)), float(np.log(40 / 16))), 0.9, 1, 0)  # from its cell's corner (0, 0)
KEY_POINTS = np.arange(51) + 1.0
SEGMENTS = (columns(1, *np.linspace(-3, 3, 32)), np.ones((1, 32, 16, 16), np.float32))

RIGHT: dict[str, tuple[Any, dict[str, str], dict[str, Any]]] = {
    "one column a cell": (columns(2), TWO, {}),
    "one row a cell": (transposed(columns(2)), TWO, {}),
    "one row a cell, no names": (transposed(columns(2)), {}, {}),
    "one row a cell, 80 classes": (transposed(columns(80)), {}, {}),
    "shares instead of pixels": (in_shares(columns(2), 1), TWO, {}),
    "shares, one row a cell": (in_shares(transposed(columns(2)), 2), TWO, {}),
    "YOLOX decoded": (DECODED, TWO, {}),
    "pose": (columns(1, *KEY_POINTS), POSE, {}),
    "pose, one row a cell": (transposed(columns(1, *KEY_POINTS)), POSE, {}),
    "pose that does not say its key points": (columns(1, *KEY_POINTS), {**PERSON, "task": "pose"}, {}),
    "segments": (SEGMENTS, {**PERSON, "task": "segment"}, {}),
    "segments that do not say so": (SEGMENTS, {}, {}),
    "end to end": (chosen(*BOX, 0.9, 0), TWO, {}),
    "end to end, shares": (in_shares(chosen(*BOX, 0.9, 0), 2), TWO, {}),
    "end to end, pose": (chosen(*BOX, 0.9, 0, *KEY_POINTS), POSE, {}),
    "names as JSON": (columns(2), {"names": '{"0": "person", "1": "car"}'}, {}),
    "names as a list": (columns(2), {"names": "['person', 'car']"}, {}),
    "names with commas": (columns(2), {"names": "person, car"}, {}),
    "sizes of any length": (columns(1), {**PERSON, "imgsz": "[64, 64]"}, {"picture": ("b", 3, "h", "w")}),
    "one number for a size": (columns(1), {**PERSON, "imgsz": "64"}, {"picture": ("b", 3, "h", "w")}),
    "a size that is asked for": (columns(1), PERSON, {"picture": (1, 3, "h", "w"), "input_size": 64}),
    "channels last": (columns(1), PERSON, {"picture": (1, 64, 64, 3)}),
    "more pictures at a time": (columns(1), PERSON, {"picture": (4, 3, 64, 64)}),
    "16 bits": (columns(2), TWO, {"half": True}),
}
UNNAMED = {
    "one row a cell, no names",
    "segments that do not say so",
}
REFUSED: dict[str, tuple[Any, dict[str, str], dict[str, Any], str]] = {
    "logits": (columns(2) - np.r_[0, 0, 0, 0, 6, 6][None, :, None], TWO, {}, r"confidences from 0 to 1, got -6 to -5"),
    "YOLOX logits": (rows(CENTRE, 3, 2, -1), TWO, {}, r"confidences from 0 to 1, got -1 to 3"),
    "percent": (columns(1) * 100, PERSON, {}, r"confidences from 0 to 1, got 0 to 90"),
    "no numbers": (columns(2) * np.nan, TWO, {}, r"expected finite numbers"),
    "pose without names": (columns(1, *KEY_POINTS), {}, {}, r"confidences from 0 to 1, got 0 to 51"),
    "pose that does not say so": (columns(1, *KEY_POINTS), PERSON, {}, r"expected 52 names, .* got 1"),
    "oriented boxes": (columns(2, 0.3), {**TWO, "task": "obb"}, {}, r"task: expected one of detect, .* got obb"),
    "a classifier": (np.zeros((1, 9)), {"task": "classify"}, {}, r"task: .* got classify"),
    "fewer names than classes": (columns(3), TWO, {}, r"expected 3 names, one for each class, got 2"),
    "more names than classes": (columns(1), TWO, {}, r"expected 1 names, one for each class, got 2"),
    "names that are cut": (columns(2), {"names": "{0: 'person', 1"}, {}, r"names: expected a name for each class"),
    "names that are a number": (columns(1), {"names": "5"}, {}, r"names: expected a name for each class, got 5"),
    "names null": (columns(2), {"names": "null"}, {}, r"names: expected a name for each class, got null"),
    "names empty": (columns(2), {"names": ""}, {}, r"names: expected a name for each class, got none"),
    "names from 1 on": (columns(2), {"names": "{1: 'person', 2: 'car'}"}, {}, r"names: expected classes from 0 to 1"),
    "a size that is none": (columns(1), {"imgsz": "64x64"}, {"picture": (1, 3, "h", "w")}, r"imgsz: expected whole"),
    "two families' shape": (DECODED, {}, {}, r"may be those of yolox with 2 classes or those of yolov8 with 3 classes"),
    "two pictures": (np.repeat(columns(1), 2, axis=0), PERSON, {}, r"outputs of a detector .* got \(2, 5, 84\)"),
    "one dimension more": (columns(1)[None], PERSON, {}, r"outputs of a detector .* got \(1, 1, 5, 84\)"),
    "grey pictures": (columns(1), PERSON, {"picture": (1, 1, 64, 64)}, r"a picture of 3 colours .* \[1,1,64,64\]"),
    "end to end without names": (chosen(*BOX, 0.9, 0), {}, {}, r"classes have no names; put them into `labels_file`"),
    "end to end, a class too many": (chosen(*BOX, 0.9, 2), TWO, {}, r"classes from 0 to 1, got 2 to 2"),
    "end to end, centres": (chosen(*CENTRE, 0.9, 0), TWO, {}, r"a right that is left of its left"),
}


def options(path: Path, outputs: Any, metadata: dict[str, str], given: dict[str, Any]) -> dict[str, Any]:
    file = {key: given[key] for key in ("picture", "half") if key in given}
    write(path, *(outputs if isinstance(outputs, tuple) else (outputs,)), metadata=metadata, **file)
    return {"model": str(path), **{key: value for key, value in given.items() if key not in file}}


@pytest.mark.parametrize("kind", RIGHT)
def test_what_an_export_means_is_found_in_its_place(kind: str, tmp_path: Path) -> None:
    (found,) = detect_onnx(GREY, **options(tmp_path / "model.onnx", *RIGHT[kind])).detections
    assert found.xyxy == pytest.approx(BOX, abs=0.1)
    assert found.confidence == pytest.approx(0.9, abs=0.01)
    assert found.label == ("person" if kind not in UNNAMED else "class 0")


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_what_it_says_is_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    outputs, metadata, given, said = REFUSED[kind]
    spec = load()["detect_onnx"]
    with pytest.raises(UsageError, match=said) as refused:
        spec.prepare(spec.validate(options(tmp_path / "model.onnx", outputs, metadata, given)))
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(f"Model {tmp_path / 'model.onnx'}")


def test_names_in_a_file_say_which_of_two_families_it_is(tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("person\ncar\n")
    given = options(tmp_path / "model.onnx", DECODED, {}, {"labels_file": str(names)})
    (found,) = detect_onnx(GREY, **given).detections
    assert (found.label, found.xyxy) == ("person", pytest.approx(BOX, abs=0.1))


def test_a_family_that_is_said_decides_too(tmp_path: Path) -> None:
    given = options(tmp_path / "model.onnx", RELATIVE, {}, {"family": "yolox"})
    (found,) = detect_onnx(GREY, **given).detections
    assert found.xyxy == pytest.approx((6, 0, 26, 36), abs=0.1)  # clipped to the picture


def test_what_turns_out_to_be_no_number_is_an_error_and_not_nothing() -> None:
    with pytest.raises(UsageError, match=r"expected numbers as its outputs, got NaN"):
        check_numbers(Path("model.onnx"), [np.array([0.5, np.nan], np.float32)])
