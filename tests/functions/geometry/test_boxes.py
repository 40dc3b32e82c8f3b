"""Boxes: overlaps, the best of many, tiles that cover a picture, and what is found in them put together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.core.frame import Detection
from functions.core.jpeg import Image
from functions.geometry.boxes import Boxes, best, grid_of, in_tiles, iou, tiles


def boxes(*rows: tuple[float, float, float, float], scores: tuple[float, ...], classes: tuple[int, ...] = ()) -> Boxes:
    indices = classes or (0,) * len(rows)
    return Boxes(np.array(rows, np.float32).reshape(-1, 4), np.array(scores, np.float32), np.array(indices, np.int64))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ((0, 0, 10, 10), 1.0),
        ((0, 0, 5, 10), 0.5),
        ((5, 0, 15, 10), 1 / 3),
        ((20, 20, 30, 30), 0.0),
        ((10, 0, 20, 10), 0.0),
        ((3, 3, 3, 3), 0.0),
    ],
)
def test_intersection_over_union(other: tuple[float, ...], expected: float) -> None:
    (value,) = iou(np.array((0, 0, 10, 10), np.float32), np.array([other], np.float32))
    assert value == pytest.approx(expected)


def test_the_best_of_overlapping_boxes_stays() -> None:
    found = boxes((0, 0, 10, 10), (1, 0, 11, 10), (50, 50, 60, 60), scores=(0.6, 0.9, 0.3))
    assert best(found, iou_from=0.5).scores.tolist() == pytest.approx([0.9, 0.3])


def test_boxes_of_two_classes_do_not_compete() -> None:
    found = boxes((0, 0, 10, 10), (0, 0, 10, 10), scores=(0.6, 0.9), classes=(0, 1))
    assert len(best(found, iou_from=0.5).scores) == 2


def test_a_part_inside_a_whole_goes() -> None:
    found = boxes((0, 0, 10, 30), (0, 0, 10, 9), scores=(0.9, 0.8))
    assert len(best(found, iou_from=0.5).scores) == 2
    assert best(found, iou_from=0.5, inside_from=0.75).xyxy.tolist() == [[0, 0, 10, 30]]


def test_nothing_found_stays_nothing() -> None:
    assert len(best(boxes(scores=()), iou_from=0.5).scores) == 0


@given(st.integers(40, 4000), st.integers(40, 4000), st.integers(1, 8), st.integers(1, 8))
def test_tiles_cover_the_whole_picture_and_nothing_else(width: int, height: int, columns: int, rows: int) -> None:
    covered_x, covered_y = np.zeros(width, bool), np.zeros(height, bool)
    cut = tiles((width, height), columns, rows)
    for left, top, right, bottom in cut:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        covered_x[left:right] = covered_y[top:bottom] = True
    assert len(cut) == columns * rows
    assert covered_x.all()
    assert covered_y.all()


def test_what_two_tiles_see_is_found_once_where_it_is() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    image[40:60, 95:105] = 255  # where both tiles look

    def find(part: Image) -> Boxes:
        ys, xs = np.nonzero(part[:, :, 0])
        if not len(xs):
            return boxes(scores=())
        return boxes((xs.min(), ys.min(), xs.max() + 1, ys.max() + 1), scores=(0.5,))

    found = in_tiles(image, grid_of("2x1"), find)
    assert found.detections(("thing",)) == [Detection("thing", 0.5, (95.0, 40.0, 105.0, 60.0))]
