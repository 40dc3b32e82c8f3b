"""With ImageAI's own row formula put in, and boxes cut to whole pixels as it does, everything equals what it gives.

So nothing else differs; `test_detect_imageai.py` proves the other half.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from functions import Frame
from functions.core.labels import COCO, chosen
from functions.core.registry import load
from functions.geometry.boxes import Boxes, Floats, best
from functions.geometry.letterbox import Letterbox
from functions.models.families import yolov3
from functions.models.families.family import InputSpec, rgb_0_to_1
from functions.models.imageai_model import ANCHORS, SPEEDS, imageai_model

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
