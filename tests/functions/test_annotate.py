"""What was found is drawn so that it can be read: on any background, in any size, in any alphabet."""

from __future__ import annotations

import numpy as np
import pytest

from functions import Detection, Frame
from functions.annotate import annotate
from functions.core.jpeg import Image
from functions.geometry.drawing import colour_of, plain


def a_picture(shade: int = 128, size_wh: tuple[int, int] = (640, 480)) -> Frame:
    return Frame.from_image(np.full((size_wh[1], size_wh[0], 3), shade, np.uint8))


def colours(image: Image) -> set[tuple[int, ...]]:
    return {tuple(map(int, pixel)) for pixel in np.unique(image.reshape(-1, 3), axis=0)}


def changed(before: Frame, after: Frame) -> np.ndarray:
    return np.any(before.image != after.image, axis=2)


def test_a_box_is_drawn_on_its_edges_and_not_inside() -> None:
    frame = a_picture().with_detections([Detection("person", 0.9, (200, 200, 300, 400))])
    drawn = changed(frame, annotate(frame))
    assert drawn[200, 200:300].all()
    assert drawn[399, 200:300].all()
    assert drawn[200:400, 200].all()
    assert drawn[200:400, 299].all()
    assert not drawn[210:390, 210:290].any()


def test_what_was_not_looked_at_gets_a_grey_box() -> None:
    frame = a_picture(0).with_unseen([(200, 200, 300, 400)])
    shown = annotate(frame)
    assert (shown.image[300, 200] == 160).all()
    assert not changed(frame, shown)[240:390, 210:290].any()
    assert shown.unseen == frame.unseen


def test_the_frame_it_was_given_stays_as_it_was() -> None:
    frame = a_picture().with_detections([Detection("person", 0.9, (200, 200, 300, 400))])
    annotate(frame)
    assert colours(frame.image) == {(128, 128, 128)}


def test_detections_go_on_as_they_came() -> None:
    frame = a_picture().with_detections([Detection("person", 0.9, (200, 200, 300, 400))])
    assert annotate(frame).detections == frame.detections


@pytest.mark.parametrize("label", ["person", "car", "dog", "bicycle"])
def test_a_box_stands_out_from_any_background(label: str) -> None:
    """Its coloured line has a dark edge: on a background of one of the two, the other is seen."""
    for background in [(0, 0, 0), (255, 255, 255), colour_of(label)]:
        frame = Frame.from_image(np.full((480, 640, 3), background, np.uint8))
        shown = annotate(frame.with_detections([Detection(label, 0.9, (200, 200, 300, 400))])).image[300, 190:215]
        contrast = np.abs(shown.astype(int) - np.array(background)).max()
        assert contrast > 60


def test_what_is_hidden_has_only_grey_corners() -> None:
    seen = Detection("person", 0.9, (200, 200, 300, 400))
    hidden = Detection("person", 0.9, (200, 200, 300, 400), hidden=True)
    frame = a_picture()
    box = annotate(frame.with_detections([seen]))
    corners = annotate(frame.with_detections([hidden]))
    assert changed(frame, box)[300, 200]
    assert not changed(frame, corners)[300, 195:205].any()
    assert changed(frame, corners)[205, 200]
    assert colour_of("person") not in colours(corners.image)


def test_a_label_has_the_same_colour_whatever_its_case() -> None:
    assert colour_of("Person") == colour_of("person")
    assert len({colour_of(label) for label in ("person", "car", "bicycle", "dog", "bus")}) > 1


@pytest.mark.parametrize(
    ("label", "drawn"),
    [
        ("person", "person"),
        ("vélo", "velo"),
        ("人", r"\u4eba"),
        ("a\nb", r"a\nb"),
        ("x" * 60, "x" * 46 + ".."),
        ("<b>", "<b>"),
    ],
)
def test_labels_are_put_into_letters_that_can_be_drawn(label: str, drawn: str) -> None:
    assert plain(label) == drawn


def test_words_stay_within_the_picture() -> None:
    """A box in each corner: its plate is whole, as large as that of a box in the middle."""
    plates = []
    for box in [(250, 200, 350, 300), (0, 0, 5, 5), (635, 0, 640, 5), (0, 475, 5, 480), (635, 475, 640, 480)]:
        frame = a_picture().with_detections([Detection("person", 0.9, box)])
        plates.append(int((annotate(frame).image == colour_of("person")).all(axis=2).sum()))
    middle, *at_corners = plates
    assert min(at_corners) > 900
    assert middle > 900


@pytest.mark.parametrize(("size_wh", "thickness"), [((160, 120), 1), ((640, 480), 2), ((3840, 2160), 7)])
def test_lines_grow_with_the_picture(size_wh: tuple[int, int], thickness: int) -> None:
    width, height = size_wh
    frame = a_picture(size_wh=size_wh)
    box = (width / 4, height / 2, width / 2, height * 0.9)
    row = annotate(frame.with_detections([Detection("person", 0.9, box)])).image[int(height * 0.7), : width // 3]
    line = int((row == colour_of("person")).all(axis=1).sum())
    assert thickness <= line <= thickness + 2


def test_unsure_detections_may_be_left_out() -> None:
    frame = a_picture().with_detections([Detection("person", 0.2, (200, 200, 300, 400))])
    assert not changed(frame, annotate(frame, minimum_confidence=0.5)).any()


def test_tiny_and_empty_boxes_are_no_trouble() -> None:
    boxes = [(0, 0, 0, 0), (10, 10, 10, 10), (639, 479, 640, 480), (0, 0, 640, 480)]
    frame = a_picture().with_detections([Detection("person", 0.9, box) for box in boxes])
    assert annotate(frame).size_wh == (640, 480)
    tiny = Frame.from_image(np.zeros((1, 1, 3), np.uint8)).with_detections([Detection("x", 1, (0, 0, 1, 1))])
    assert annotate(tiny).size_wh == (1, 1)
