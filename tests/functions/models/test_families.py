"""Each family's outputs become boxes where the things are: with outputs made by hand for a known answer."""

from __future__ import annotations

import numpy as np
import pytest

from functions.geometry.boxes import Boxes, Floats
from functions.geometry.letterbox import Letterbox
from functions.models.families import FAMILIES, Claims, InputSpec, Reading
from functions.models.families.family import cells, count_cells

SIDE = 64
INPUT_WH = (SIDE, SIDE)
SPEC = InputSpec(INPUT_WH)
CLASSES = 3


def logit(confidence: float) -> float:
    return float(np.log(confidence / (1 - confidence)))


def one(found: Boxes) -> tuple[list[float], float, int]:
    """The only box, in pixels of the input."""
    assert len(found.scores) == 1
    return (found.xyxy[0] * SIDE).tolist(), float(found.scores[0]), int(found.classes[0])


def yolox_output() -> Floats:
    """Class 1 with .9 * .8, centred at (20, 28), 16 wide and 8 high: cell (2, 3) of stride 8."""
    output = np.zeros((1, count_cells(INPUT_WH), 5 + CLASSES), np.float32)
    output[0, 3 * 8 + 2] = [0.5, 0.5, np.log(2), 0, 0.9, 0.1, 0.8, 0.2]
    return output


def yolov8_output() -> Floats:
    output = np.zeros((1, 4 + CLASSES, count_cells(INPUT_WH)), np.float32)
    output[0, :, 7] = [20, 28, 16, 8, 0.1, 0.72, 0.2]
    return output


def yolov3_outputs() -> list[Floats]:
    """The same box with the first anchor of the finer grid, 10x14, in cell (1, 1) of stride 16."""
    coarse, fine = (np.full((1, 3 * (5 + CLASSES), rows, rows), -20, np.float32) for rows in (2, 4))
    sizes = [np.log(16 / 10), np.log(8 / 14)]
    fine[0, : 5 + CLASSES, 1, 1] = [logit(0.25), logit(0.75), *sizes, logit(0.9), -20, logit(0.8), -20]
    return [coarse, fine]


OUTPUTS = [("yolox", [yolox_output()]), ("yolov8", [yolov8_output()]), ("yolov3", yolov3_outputs())]


def readings(family: str, outputs: list[Floats]) -> list[Reading]:
    return list(FAMILIES[family].readings([output.shape for output in outputs], INPUT_WH, Claims()))


def decoded(family: str, outputs: list[Floats], minimum: float, spec: InputSpec = SPEC) -> Boxes:
    """As the first way to read them says."""
    return readings(family, outputs)[0].decode(outputs, spec, minimum)


@pytest.mark.parametrize(("family", "outputs"), OUTPUTS)
def test_outputs_become_the_box_they_mean(family: str, outputs: list[Floats]) -> None:
    box, score, label = one(decoded(family, outputs, 0.5))
    assert box == pytest.approx([12, 24, 28, 32], abs=1e-4)
    assert score == pytest.approx(0.72, abs=1e-5)
    assert label == 1


@pytest.mark.parametrize(("family", "outputs"), OUTPUTS)
def test_what_is_less_sure_is_left_out(family: str, outputs: list[Floats]) -> None:
    assert len(decoded(family, outputs, 0.73).scores) == 0


@pytest.mark.parametrize(("family", "outputs"), OUTPUTS)
def test_outputs_fit_one_way_to_read_them(family: str, outputs: list[Floats]) -> None:
    """Those of YOLOX by their values, too: they have the shape of YOLOv8's with one row a cell."""
    said = [(name, each) for name in FAMILIES for each in readings(name, outputs) if each.classes == CLASSES]
    assert [name for name, each in said if not each.misfit(outputs, InputSpec(INPUT_WH))] == [family]


@pytest.mark.parametrize("shapes", [[], [(1, 1000)], [(1, 85, 22, 22)], [(1, 4420, 2), (1, 4420, 4)], [(1, 84, 5, 7)]])
def test_other_outputs_are_of_no_family(shapes: list[tuple[int, ...]]) -> None:
    assert not [each for family in FAMILIES.values() for each in family.readings(shapes, INPUT_WH, Claims())]


def test_yolov3_takes_its_grids_in_any_order() -> None:
    coarse, fine = yolov3_outputs()
    assert one(decoded("yolov3", [fine, coarse], 0.5)) == one(decoded("yolov3", [coarse, fine], 0.5))


def test_yolov3_gives_a_box_once_for_each_class_it_is_sure_of() -> None:
    coarse, fine = yolov3_outputs()
    fine[0, 5, 1, 1] = logit(0.9)
    found = decoded("yolov3", [coarse, fine], 0.5)
    assert dict(zip(found.classes.tolist(), found.scores.tolist(), strict=True)) == pytest.approx({0: 0.81, 1: 0.72})


def test_yolov3_may_have_anchors_of_its_own() -> None:
    own = (((81, 82), (135, 169), (344, 319)), ((20, 28), (23, 27), (37, 58)))
    box, _, _ = one(decoded("yolov3", yolov3_outputs(), 0.5, InputSpec(INPUT_WH, own)))
    assert box == pytest.approx([4, 20, 36, 36], abs=1e-4)


def test_cells_are_counted_row_by_row_at_each_stride() -> None:
    corners, sizes = cells((64, 32))
    assert len(corners) == count_cells((64, 32)) == 8 * 4 + 4 * 2 + 2
    assert corners[:3].tolist() == [[0, 0], [8, 0], [16, 0]]
    assert corners[8].tolist() == [0, 8]
    assert sizes[[0, -1]].tolist() == [[8], [32]]


@pytest.mark.parametrize(
    ("picture_wh", "centred", "size_wh", "offset_xy"),
    [
        ((768, 576), True, (416, 312), (0, 52)),
        ((768, 576), False, (416, 312), (0, 0)),
        ((640, 272), True, (416, 176), (0, 120)),
        ((576, 768), True, (312, 416), (52, 0)),
        ((100, 100), True, (416, 416), (0, 0)),
        ((5000, 3), True, (416, 1), (0, 207)),
    ],
)
def test_a_picture_is_fitted_keeping_its_shape(
    picture_wh: tuple[int, int], centred: bool, size_wh: tuple[int, int], offset_xy: tuple[int, int]
) -> None:
    box = Letterbox.fit(picture_wh, (416, 416), centred)
    assert (box.size_wh, box.offset_xy) == (size_wh, offset_xy)
    canvas = box.draw(np.full((picture_wh[1], picture_wh[0], 3), 9, np.uint8), fill=5)
    left, top = offset_xy
    assert (canvas[top : top + size_wh[1], left : left + size_wh[0]] == 9).all()
    assert (canvas == 9).sum() == 3 * size_wh[0] * size_wh[1]
    assert (canvas[canvas != 9] == 5).all()


@pytest.mark.parametrize("picture_wh", [(768, 576), (640, 272), (101, 57), (33, 1000)])
@pytest.mark.parametrize("centred", [True, False])
def test_a_box_comes_back_to_the_picture_s_corners(picture_wh: tuple[int, int], centred: bool) -> None:
    box = Letterbox.fit(picture_wh, (416, 416), centred)
    (left, top), (width, height) = box.offset_xy, box.size_wh
    whole = np.array([[left, top, left + width, top + height]], np.float32) / 416
    assert box.to_picture(whole)[0].tolist() == pytest.approx([0, 0, *picture_wh], abs=0.01)
