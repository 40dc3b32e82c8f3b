"""Boxes: overlaps, and the best of many."""

from __future__ import annotations

import numpy as np
import pytest

from functions.geometry.boxes import Boxes, best, distinct, fused, iou


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


def test_a_lesser_part_inside_a_whole_goes_and_a_lesser_whole_around_a_part_stays() -> None:
    found = boxes((0, 0, 10, 30), (0, 0, 10, 9), scores=(0.9, 0.8))
    assert len(best(found, iou_from=0.5).scores) == 2
    assert distinct(found, iou_from=0.5, within_from=0.75).xyxy.tolist() == [[0, 0, 10, 30]]
    surer_part = found._replace(scores=found.scores[::-1])
    assert len(distinct(surer_part, iou_from=0.5, within_from=0.75).scores) == 2


def test_nothing_found_stays_nothing() -> None:
    assert len(best(boxes(scores=()), iou_from=0.5).scores) == 0


def test_what_is_the_same_in_two_looks_becomes_one_box_between_them() -> None:
    found = boxes((0, 0, 10, 10), (2, 0, 12, 10), (50, 50, 60, 60), (7, 7, 7, 7), scores=(0.9, 0.3, 0.5, 0.1))
    one = fused(found, iou_from=0.5)
    assert one.xyxy.tolist() == [pytest.approx([0.5, 0, 10.5, 10]), [50, 50, 60, 60], [7, 7, 7, 7]]
    assert one.scores.tolist() == pytest.approx([0.9, 0.5, 0.1])
