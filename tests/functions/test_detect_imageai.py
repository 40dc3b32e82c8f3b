"""ImageAI's models find what they find in ImageAI, in the right place: proved in two halves.

With ImageAI's own row formula put in, and boxes cut to whole pixels as it does, everything equals what ImageAI's own
functions give: so nothing else differs. Without them, boxes agree with another decoder on another runtime, and
people's heads are covered.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest

from bench.scoring import score
from bench.truth import read_frames, read_truth
from functions import Detection, Frame
from functions.core.errors import UsageError
from functions.core.labels import COCO, chosen
from functions.core.registry import load
from functions.detect_imageai import detect_imageai
from functions.geometry.boxes import Boxes, Floats, best, iou
from functions.geometry.letterbox import Letterbox
from functions.models.families import yolov3
from functions.models.families.family import InputSpec, rgb_0_to_1
from functions.models.imageai_model import ANCHORS, SPEEDS, imageai_model
from tests.missing import missing
from tests.processes import IMAGEBUS, PROJECT

TINY = ANCHORS["tiny-yolov3"]


class ImageAI(NamedTuple):
    """ImageAI's own detector with the fixture's weights, and its own functions."""

    detector: Any
    model: Any
    utils: Any


@pytest.fixture(scope="session")
def imageai(weights: Path) -> ImageAI:
    imageai_model("tiny-yolov3", weights, TINY)  # imports TensorFlow without its noise
    from imageai.Detection import ObjectDetection
    from imageai.Detection.YOLO import utils

    detector = ObjectDetection()
    detector.setModelTypeAsTinyYOLOv3()
    detector.setModelPath(str(weights))
    detector.loadModel()
    utils.decode_netout = partial(_without_the_empty, utils.decode_netout)
    return ImageAI(detector, detector._ObjectDetection__model_collection[0], utils)


def _without_the_empty(decode: Callable[..., list[Any]], *arguments: Any) -> list[Any]:
    """ImageAI keeps a box for each cell; those of no class neither suppress nor come out, and take most of its time."""
    return [box for box in decode(*arguments) if box.classes.any()]


@pytest.fixture(scope="session")
def weights(data: Path) -> Path:
    if find_spec("imageai") is None or find_spec("tensorflow") is None:
        missing("ImageAI with TensorFlow", "make imageai")
    return data / "models" / "tiny-yolov3-vtest.h5"


@pytest.fixture(scope="session")
def street(data: Path) -> dict[int, Frame]:
    """Twenty frames of a street."""
    return dict(read_frames(data / "vtest.avi", read_truth(data / "vtest-truth.csv", every=20)))


@pytest.fixture
def too_low(monkeypatch: pytest.MonkeyPatch) -> None:
    """ImageAI's row formula: the number of the cell, divided by the columns without rounding down."""

    def tops(row: Any, column: Any, columns: int) -> Floats:
        lowered: Floats = ((row * columns + column) / columns).astype(np.float32)
        return lowered

    monkeypatch.setattr(yolov3, "tops", tops)


def whole_pixels(found: Boxes, box: Letterbox) -> Boxes:
    return found._replace(xyxy=np.trunc(box.to_picture(found.xyxy)).astype(np.float64))


class Found(NamedTuple):
    """One box, of whole pixels."""

    label: str
    xyxy: tuple[int, ...]
    confidence: float


def ours(grids: list[Floats], picture_wh: tuple[int, int], side: int, minimum: float) -> list[Found]:
    box = Letterbox.fit(picture_wh, (side, side), centred=True)
    kept = best(whole_pixels(yolov3.decode_grids(grids, InputSpec((side, side), TINY), minimum), box), 0.45)
    return sorted(
        Found(COCO[label], (max(0, int(x1)), max(0, int(y1)), int(x2), int(y2)), float(confidence))
        for (x1, y1, x2, y2), confidence, label in zip(kept.xyxy, kept.scores, kept.classes, strict=True)
    )


def theirs(
    imageai: ImageAI, grids: list[Floats], picture_wh: tuple[int, int], side: int, minimum: float
) -> list[Found]:
    found = imageai.utils.retrieve_yolo_detections(
        [grid[None].copy() for grid in grids],
        imageai.detector._ObjectDetection__yolo_anchors,
        minimum,
        0.45,
        (side, side),
        picture_wh,
        imageai.detector.numbers_to_names,
    )
    return sorted(
        Found(each["name"], tuple(each["box_points"]), float(each["percentage_probability"]) / 100) for each in found
    )


def assert_same(mine: list[Found], expected: list[Found]) -> None:
    assert [found[:2] for found in mine] == [found[:2] for found in expected]
    assert [found.confidence for found in mine] == pytest.approx([found.confidence for found in expected], abs=1e-5)


@pytest.mark.usefixtures("too_low")
@pytest.mark.parametrize("speed", ["fastest", "faster", "fast"])
def test_with_imageai_s_formula_real_frames_give_imageai_s_boxes(
    imageai: ImageAI, street: dict[int, Frame], speed: str
) -> None:
    side = SPEEDS["tiny-yolov3"][speed]
    boxes = 0
    frames = list(street.values())[::2]
    for frame in frames:
        picture = imageai.utils.preprocess_input(frame.image, (side, side))
        grids = [grid[0] for grid in imageai.model.predict(picture, verbose=0)]
        expected = theirs(imageai, grids, frame.size_wh, side, 0.5)
        assert_same(ours(grids, frame.size_wh, side, 0.5), expected)
        boxes += len(expected)
    assert len(frames) == 10
    assert boxes > 50


@pytest.mark.usefixtures("too_low")
@pytest.mark.parametrize("minimum", [0.25, 0.4, 0.6, 0.8])
def test_with_imageai_s_formula_random_outputs_give_imageai_s_boxes(imageai: ImageAI, minimum: float) -> None:
    random = np.random.default_rng(7)
    boxes = 0
    for picture_wh in [(768, 576), (640, 480)] * 25:
        side = int(random.choice([96, 128]))
        grids = [random.normal(-2, 2, (side // stride, side // stride, 255)).astype(np.float32) for stride in (32, 16)]
        for grid in grids:
            grid.reshape(-1, 85)[:, 2:4] /= 4  # of sizes as pictures have them
        expected = theirs(imageai, grids, picture_wh, side, minimum)
        found = ours(grids, picture_wh, side, minimum)
        assert_same(found, expected)
        wanted = chosen(COCO, ("Person", "traffic light", "DOG"))
        allowed = {name: "valid" if name in ("person", "traffic light", "dog") else "invalid" for name in COCO}
        assert_same(
            [each for each in found if each.label in wanted],
            [each for each in expected if allowed[each.label] == "valid"],
        )
        boxes += len(expected)
    assert boxes > 50


def test_the_picture_is_prepared_as_imageai_does(imageai: ImageAI, street: dict[int, Frame]) -> None:
    for side in SPEEDS["tiny-yolov3"].values():
        image = street[1].image
        for frame in map(Frame.from_image, (image, image[:240, :320], image.swapaxes(0, 1))):
            box = Letterbox.fit(frame.size_wh, (side, side), centred=True)
            expected = imageai.utils.preprocess_input(frame.image, (side, side))[0]
            assert np.abs(box.draw(rgb_0_to_1(frame.image), 0.5) - expected).max() < 1e-5


@pytest.mark.parametrize("speed", ["fastest", "faster", "fast"])
def test_boxes_agree_with_those_of_another_decoder_and_another_runtime(
    weights: Path, data: Path, street: dict[int, Frame], speed: str
) -> None:
    side = SPEEDS["tiny-yolov3"][speed]
    net = cv2.dnn.readNetFromONNX(str(data / "models" / "tiny-yolov3-vtest.onnx"))
    compared = 0
    for frame in list(street.values())[::2]:
        found = detect_imageai(frame, weights=str(weights), speed=speed).detections
        expected = plain_decode(net, frame, side)
        assert len(found) == len(expected)
        for detection in found:
            overlaps = iou(np.array(detection.xyxy, np.float32), expected[:, :4])
            assert overlaps.max() >= 0.99
            assert expected[overlaps.argmax(), 4] == pytest.approx(detection.confidence, abs=0.01)
            compared += 1
    assert compared > 40


def plain_decode(net: Any, frame: Frame, side: int) -> Floats:
    """Boxes and scores cell by cell, in plain loops, by OpenCV's network and OpenCV's own suppression."""
    height, width = frame.image.shape[:2]
    scale = side / max(width, height)
    small = cv2.resize(frame.image, (round(width * scale), round(height * scale)))
    top, left = (side - small.shape[0]) // 2, (side - small.shape[1]) // 2
    canvas = np.full((side, side, 3), 127.5, np.float32)
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    net.setInput(cv2.dnn.blobFromImage(canvas, 1 / 255, swapRB=True))
    boxes, scores = [], []
    for output, anchors, stride in zip(net.forward(["stride32", "stride16"]), TINY, (32, 16), strict=True):
        sure = 1 / (1 + np.exp(-output[0].reshape(3, 85, *output.shape[2:])))
        raw = output[0].reshape(3, 85, *output.shape[2:])
        for anchor, row, column in np.argwhere(sure[:, 4] * sure[:, 5] >= 0.5):
            x = ((column + sure[anchor, 0, row, column]) * stride - left) / scale
            y = ((row + sure[anchor, 1, row, column]) * stride - top) / scale
            w, h = anchors[anchor] * np.exp(raw[anchor, 2:4, row, column]) / scale
            boxes.append((x - w / 2, y - h / 2, w, h))
            scores.append(float(sure[anchor, 4, row, column] * sure[anchor, 5, row, column]))
    kept = cv2.dnn.NMSBoxes(boxes, scores, 0.5, 0.45)
    rows = [(x, y, x + w, y + h, scores[index]) for index in kept for x, y, w, h in [boxes[index]]]
    found = np.array(rows, np.float32).reshape(-1, 5)
    found[:, :4] = found[:, :4].clip(0, [width, height, width, height])
    return found


def test_people_are_covered_with_their_heads(weights: Path, data: Path, street: dict[int, Frame]) -> None:
    truth = read_truth(data / "vtest-truth.csv", every=20)
    found = {n: detect_imageai(frame, weights=str(weights), speed="faster").detections for n, frame in street.items()}
    reached = score(truth, found, (768, 576))
    assert reached.recall >= 0.95
    assert reached.coverage >= 0.92
    heads = {number: upper_quarter(boxes) for number, boxes in truth.items()}
    assert score(heads, found, (768, 576)).coverage >= 0.9


def upper_quarter(boxes: Floats) -> Floats:
    left, top, right, bottom = boxes.T
    return np.stack([left, top, right, top + (bottom - top) / 4], axis=1)


def test_detect_onnx_gives_the_same_with_the_same_weights(weights: Path, data: Path, street: dict[int, Frame]) -> None:
    spec = load()["detect_onnx"]
    twin = {
        "model": str(data / "models" / "tiny-yolov3-vtest.onnx"),
        "anchors": "116,90 156,198 373,326 30,61 62,45 59,119",
        "input_size": 416,
        "minimum_confidence": 0.5,
    }
    options = spec.validate(twin)
    for frame in list(street.values())[::2]:
        one = detect_imageai(frame, weights=str(weights), speed="faster").detections
        other = spec.call(frame, **options).detections
        # By place, since their order is that of confidences, of which two may be the same to the fifth digit.
        boxes = np.array([each.xyxy for each in other], np.float32)
        overlaps = [iou(np.array(each.xyxy, np.float32), boxes) for each in one]
        assert sorted(each.argmax() for each in overlaps) == [*range(len(other))]
        for mine, shared in zip(one, overlaps, strict=True):
            same = other[shared.argmax()]
            assert shared.max() >= 0.99
            assert mine.confidence == pytest.approx(same.confidence, abs=0.01)
            assert mine.label == same.label


def test_eight_threads_find_the_same_as_one(weights: Path, street: dict[int, Frame]) -> None:
    def detect(frame: Frame) -> tuple[Detection, ...]:
        return detect_imageai(frame, weights=str(weights), speed="fastest").detections

    frames = list(street.values())[:8]
    alone = [detect(frame) for frame in frames]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(detect, frames * 5))
    for one, other in zip(alone * 5, together, strict=True):
        assert [found.label for found in one] == [found.label for found in other]
        assert np.allclose([found.xyxy for found in one], [found.xyxy for found in other], atol=0.01)
    assert any(alone)


def test_labels_are_chosen_whatever_their_case(weights: Path, street: dict[int, Frame]) -> None:
    def found(*labels: str) -> tuple[Detection, ...]:
        return detect_imageai(street[201], weights=str(weights), speed="faster", labels=labels).detections

    assert found("Person") == found() != ()
    assert found("dog", "car") == ()


def test_tensorflow_says_nothing_of_its_own(weights: Path, street: dict[int, Frame], tmp_path: Path) -> None:
    picture = tmp_path / "street.jpg"
    picture.write_bytes(street[201].jpeg)
    command = [*IMAGEBUS, "try", "detect_imageai", str(picture), "--weights", str(weights), "--speed", "fastest"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT, timeout=120)
    assert ran.stderr == ""
    assert len(ran.stdout.splitlines()) == 1
    assert '"label":"person"' in ran.stdout


def test_less_sure_boxes_are_left_out(weights: Path, street: dict[int, Frame]) -> None:
    some, few = (
        detect_imageai(street[201], weights=str(weights), speed="faster", minimum_confidence=minimum).detections
        for minimum in (0.5, 0.9)
    )
    assert few == tuple(found for found in some if found.confidence >= 0.9)


def test_the_speeds_are_imageai_s(imageai: ImageAI) -> None:
    from imageai.Detection import ObjectDetection

    for name, choose in (("tiny-yolov3", "setModelTypeAsTinyYOLOv3"), ("yolov3", "setModelTypeAsYOLOv3")):
        for speed, side in SPEEDS[name].items():
            detector = ObjectDetection()
            getattr(detector, choose)()
            detector._ObjectDetection__modelLoaded = True  # only the size is asked for
            detector.loadModel(speed)
            assert detector._ObjectDetection__yolo_model_image_size == (side, side)


def test_the_labels_are_imageai_s(imageai: ImageAI) -> None:
    assert tuple(imageai.detector.numbers_to_names.values()) == COCO
    spec = load()["detect_imageai"]
    assert spec.findable(spec.validate({})) == COCO


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"weights": "nowhere.h5"}, r"Model nowhere\.h5: expected the path of a file, or one of"),
        (
            {"weights": "{cut}"},
            r"cut\.h5: expected those of tiny-yolov3 in ImageAI's format \(\.h5\), got: ",
        ),
        (
            {"weights": "{tiny}", "model": "yolov3"},
            r"expected those of yolov3 in ImageAI's format \(\.h5\), got: ",
        ),
        ({"weights": "{onnx}"}, r"yolox_nano\.onnx: expected those of tiny-yolov3 in ImageAI's format"),
        ({"weights": "{tiny}", "speed": "flash"}, r"Speed flash of tiny-yolov3: expected an input of a multiple of 32"),
        ({"weights": "{tiny}", "labels": ["persn"]}, r"Label 'persn': expected one .* did you mean person\?"),
        ({"weights": "{tiny}", "input_size": 417}, r"option input_size: expected `int` that's a multiple of 32"),
    ],
)
def test_what_cannot_run_is_said_before_the_first_frame(
    options: dict[str, Any], said: str, weights: Path, data: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.h5"
    cut.write_bytes(weights.read_bytes()[:100_000])
    paths = {"cut": cut, "tiny": weights, "onnx": data / "models" / "yolox_nano.onnx"}
    if "weights" in options:
        options = {**options, "weights": options["weights"].format(**paths)}
    spec = load()["detect_imageai"]
    with pytest.raises(UsageError, match=said) as refused:
        spec.prepare(spec.validate(options))
    assert "\n" not in str(refused.value)
