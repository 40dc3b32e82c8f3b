"""ImageAI's models find what they find in ImageAI, in the right place.

Without ImageAI's own row formula, boxes agree with another decoder on another runtime, and people's heads are covered;
`test_beside_imageai.py` proves that nothing else differs.
"""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from bench.scoring import score
from bench.truth import read_truth
from functions import Detection, Frame
from functions.core.errors import UsageError
from functions.core.registry import load
from functions.detect_imageai import detect_imageai
from functions.geometry.boxes import Floats, iou
from functions.models.imageai_model import ANCHORS, SPEEDS
from tests.processes import IMAGEBUS, PROJECT

TINY = ANCHORS["tiny-yolov3"]


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
