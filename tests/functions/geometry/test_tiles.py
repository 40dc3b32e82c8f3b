"""Looks: what is small is large enough in one of them, all of a picture is looked at, and nothing is found twice."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.core.frame import Detection
from functions.core.jpeg import Image
from functions.geometry.boxes import Boxes
from functions.geometry.tiles import Sight, found_in, grid, looks, merged

SQUEEZES = Sight(300, least_px=18, widest=1.25)
FITS = Sight(416, least_px=18)


def boxes(*rows: tuple[float, float, float, float], scores: tuple[float, ...]) -> Boxes:
    return Boxes(np.array(rows, np.float32).reshape(-1, 4), np.array(scores, np.float32), np.zeros(len(rows), np.int64))


@pytest.mark.parametrize(
    ("sight", "size_wh", "tiles", "count"),
    [
        (SQUEEZES, (768, 576), "auto", 1 + 2),
        (SQUEEZES, (480, 640), "auto", 1 + 2),
        (SQUEEZES, (1280, 720), "auto", 1 + 2),
        (SQUEEZES, (1920, 1080), "auto", 1 + 3 * 2),
        (SQUEEZES, (640, 480), "thorough", 1 + 3 * 2),
        (FITS, (768, 576), "auto", 1),
        (FITS, (1920, 1080), "auto", 1 + 2),
        (FITS, (1920, 1080), "2x2", 4),
    ],
)
def test_a_picture_has_as_many_looks_as_what_is_small_takes(
    sight: Sight, size_wh: tuple[int, int], tiles: str, count: int
) -> None:
    assert len(looks(size_wh, sight, tiles, smallest_px=48, max_looks=99).parts) == count


@settings(deadline=None)
@given(st.integers(40, 2500), st.integers(40, 2500), st.integers(16, 200), st.sampled_from([SQUEEZES, FITS]))
def test_what_is_as_high_as_asked_for_is_large_enough_in_some_look(
    width: int, height: int, smallest_px: int, sight: Sight
) -> None:
    plan = looks((width, height), sight, "auto", smallest_px, max_looks=10_000)
    highest = max(bottom - top for _, top, _, bottom in plan.parts[1:] or plan.parts)
    assert smallest_px / highest * sight.side >= sight.least_px * 0.97  # but for rounding
    covered = np.zeros((height, width), bool)
    for left, top, right, bottom in plan.parts[1:] or plan.parts:
        covered[top:bottom, left:right] = True
    assert covered.all()
    assert plan.parts[0] == (0, 0, width, height)


@pytest.mark.parametrize("most", [1, 7, 30])
def test_what_a_bound_leaves_out_is_known(most: int) -> None:
    plan, whole = (looks((3840, 2160), SQUEEZES, "auto", 48, max_looks) for max_looks in (most, 1000))
    assert len(plan.parts) == min(most, len(whole.parts))
    assert plan.parts + plan.left_out == whole.parts


@given(st.integers(40, 4000), st.integers(40, 4000), st.integers(1, 8), st.integers(1, 8))
def test_tiles_cover_the_whole_picture_and_nothing_else(width: int, height: int, columns: int, rows: int) -> None:
    covered_x, covered_y = np.zeros(width, bool), np.zeros(height, bool)
    cut = grid((width, height), columns, rows)
    for left, top, right, bottom in cut:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        covered_x[left:right] = covered_y[top:bottom] = True
    assert len(cut) == columns * rows
    assert covered_x.all()
    assert covered_y.all()


def white_in(part: Image) -> Boxes:
    """A finder of what is white."""
    ys, xs = np.nonzero(part[:, :, 0])
    if not len(xs):
        return boxes(scores=())
    return boxes((xs.min(), ys.min(), xs.max() + 1, ys.max() + 1), scores=(0.5,))


@pytest.mark.parametrize("left", [20, 95, 105, 111, 180])
@pytest.mark.parametrize("tiles", ["2x1", "auto"])
def test_a_thing_is_found_once_and_whole_wherever_it_is(left: int, tiles: str) -> None:
    """Also at the edges of both tiles, 89 to 111."""
    image = np.zeros((100, 200, 3), np.uint8)
    image[40:60, left : left + 10] = 255
    found = found_in(image, looks((200, 100), SQUEEZES, tiles, 48, 99), white_in)
    assert found.detections(("thing",)) == [Detection("thing", 0.5, (left, 40.0, left + 10.0, 60.0))]


def dots_in(part: Image) -> Boxes:
    """A finder of bright pixels, sure of those above 100."""
    ys, xs = np.nonzero(part[:, :, 0])
    rows = zip(xs.tolist(), ys.tolist(), (xs + 1).tolist(), (ys + 1).tolist(), strict=True)
    return boxes(*rows, scores=tuple(np.where(part[ys, xs, 0] > 100, 0.4, 0.2)))


def with_dots(sure: int, unsure: int = 0) -> Image:
    """A picture with a row of dots in its left upper corner."""
    image = np.zeros((1080, 1920, 3), np.uint8)
    image[3, 3 : 3 + 5 * unsure : 5] = 50
    image[9, 3 : 3 + 5 * sure : 5] = 255
    return image


def seen_of(image: Image, tiles: str = "auto", max_looks: int = 99) -> tuple[list[tuple[int, ...]], int]:
    """The sizes of the looks at a picture, and how many things were found in it."""
    shapes = []

    def find(part: Image) -> Boxes:
        shapes.append(part.shape[1::-1])
        return dots_in(part)

    found = found_in(image, looks((1920, 1080), SQUEEZES, tiles, 48, max_looks), find)
    return shapes, len(found.scores)


def test_a_crowd_is_looked_at_more_closely_where_it_is() -> None:
    shapes, found = seen_of(with_dots(sure=18))
    assert found == 18  # none of them twice
    assert shapes[7:] == [(384, 318)]  # one of 6x4 tiles


def test_what_a_crowd_hides_is_found_by_the_closer_looks() -> None:
    image = with_dots(sure=18)
    image[12, 30] = 90

    def find(part: Image) -> Boxes:
        found = dots_in(part)
        return found if part.shape[1] < 500 else found.pick(found.scores > 0.3)

    found = found_in(image, looks((1920, 1080), SQUEEZES, "auto", 48, 99), find)
    assert (30, 12, 31, 13) in [tuple(map(round, box)) for box in found.xyxy.tolist()]


@pytest.mark.parametrize(("sure", "unsure"), [(17, 0), (17, 40)])
def test_few_people_and_many_that_may_be_nothing_are_no_crowd(sure: int, unsure: int) -> None:
    assert len(seen_of(with_dots(sure, unsure))[0]) == 7


@pytest.mark.parametrize("tiles", ["thorough", "3x2"])
def test_who_says_how_to_look_gets_no_closer_looks(tiles: str) -> None:
    planned = looks((1920, 1080), SQUEEZES, tiles, 48, 99)
    assert len(seen_of(with_dots(sure=40), tiles)[0]) == len(planned.parts)


def test_what_was_looked_at_is_not_looked_at_again() -> None:
    plan = looks((320, 240), SQUEEZES, "auto", 48, 99)
    assert len(plan.parts) == 3
    assert plan.closer == ()  # they would be the same two


@pytest.mark.parametrize(("max_looks", "count"), [(99, 10), (9, 2), (7, 0), (3, 0)])
def test_closer_looks_are_bounded(max_looks: int, count: int) -> None:
    image = np.zeros((1080, 1920, 3), np.uint8)
    image[::90, 5::90] = 255
    assert len(seen_of(image, max_looks=max_looks)[0]) == min(max_looks, 7) + count


def test_closer_looks_begin_where_most_small_people_are() -> None:
    """Then come those with more of them, whatever their height; an empty tile is never looked at."""
    image = np.zeros((1080, 1920, 3), np.uint8)
    for at in range(14):
        image[900:1070, 1210 + 50 * at : 1240 + 50 * at] = 255  # too high to gain by it, and many
    for at in range(6):
        image[20:50, 30 + 40 * at : 50 + 40 * at] = 255
    first, second, *_ = looked_at_closely(image)
    assert first == (0, 0, 384, 318)
    assert second[1] == 762  # of the lowest row
    assert all(image[top:bottom, left:right].any() for left, top, right, bottom in looked_at_closely(image))


def looked_at_closely(image: Image) -> list[tuple[int, int, int, int]]:
    """The tiles that a finder of white rectangles is asked to look at for a crowd, in their order."""
    looked = []

    def find(part: Image) -> Boxes:
        first_byte = part.__array_interface__["data"][0] - image.__array_interface__["data"][0]
        (top, rest), (height, width) = divmod(first_byte, image.strides[0]), part.shape[:2]
        looked.append((rest // 3, top, rest // 3 + width, top + height))
        count, _, found, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(part[:, :, 0]))
        rows = [(x, y, x + width, y + height) for x, y, width, height, _ in found[1:].tolist()]
        return boxes(*rows, scores=(0.9,) * (count - 1))

    found_in(image, looks((1920, 1080), SQUEEZES, "auto", 48, 99), find)
    return looked[7:]


def test_a_part_cut_by_a_seam_makes_the_whole_as_sure_and_is_no_second_thing() -> None:
    found = boxes((0, 0, 10, 30), (0, 0, 6, 30), scores=(0.2, 0.9))
    kept = merged(found, cut=np.array([False, True]))
    assert kept.xyxy.tolist() == [[0, 0, 10, 30]]
    assert kept.scores.tolist() == pytest.approx([0.9])


def test_a_surer_part_does_not_delete_the_whole_person() -> None:
    found = boxes((0, 0, 10, 30), (0, 0, 10, 9), scores=(0.2, 0.9))
    assert [0, 0, 10, 30] in merged(found, cut=np.array([False, False])).xyxy.tolist()
