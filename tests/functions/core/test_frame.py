"""Frames: frozen, decoded when first looked at, and the JPEG kept as long as nobody drew on it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from functions import Detection, Frame
from functions.core import jpeg
from functions.core.frame import XYXY, Picture

PIXELS = np.full((20, 30, 3), 90, np.uint8)
JPEG = jpeg.encode(PIXELS)


def test_a_frame_of_a_jpeg_keeps_its_very_bytes() -> None:
    frame = Frame.from_jpeg(JPEG, "door")
    assert (frame.source, frame.size_wh, frame.image.shape) == ("door", (30, 20), (20, 30, 3))
    assert frame.with_detections([Detection("person", 0.5, (1, 2, 3, 4))]).jpeg is JPEG


def test_the_size_is_known_without_decoding_the_pixels() -> None:
    header_only = JPEG[: JPEG.index(b"\xff\xda") + 14]
    assert Frame.from_jpeg(header_only).size_wh == (30, 20)
    with pytest.raises(jpeg.JpegError):
        _ = Frame.from_jpeg(header_only).image


def test_pixels_are_decoded_once_and_shared_by_what_comes_of_the_frame() -> None:
    frame = Frame.from_jpeg(JPEG)
    assert frame.with_detections([]).image is frame.image


@pytest.mark.parametrize(
    ("max_side", "size_wh"), [(400, (400, 300)), (200, (200, 150)), (300, (300, 225)), (40, (40, 30))]
)
def test_a_smaller_picture_is_the_same_from_a_jpeg_as_from_pixels(max_side: int, size_wh: tuple[int, int]) -> None:
    y, x = np.mgrid[0:300, 0:400]
    image = np.stack([x * 255 // 400, y * 255 // 300, (x + y) * 255 // 700], -1).astype(np.uint8)
    frame = Frame.from_jpeg(jpeg.encode(image))
    small, same = frame.image_at(max_side), Frame.from_image(image).image_at(max_side)
    assert small.shape[:2] == same.shape[:2] == size_wh[::-1]
    assert np.abs(small.astype(int) - same).mean() < 3
    assert not small.flags.writeable


def test_a_smaller_picture_of_a_small_one_is_the_picture_itself() -> None:
    frame = Frame.from_jpeg(JPEG)
    assert frame.image_at(1000) is frame.image


def test_pixels_that_are_there_are_not_decoded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = Frame.from_jpeg(JPEG)
    _ = frame.image
    monkeypatch.delattr(jpeg, "decode")
    assert frame.image_at(15).shape == (10, 15, 3)


def test_the_pixels_of_a_frame_cannot_be_written() -> None:
    for frame in (Frame.from_jpeg(JPEG), Frame.from_image(PIXELS.copy())):
        with pytest.raises(ValueError, match="read-only"):
            frame.image[0, 0] = 0


def test_a_frame_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Frame.from_jpeg(JPEG).seq = 3  # type: ignore[misc]


def test_another_picture_makes_another_jpeg_and_leaves_the_first_frame_alone() -> None:
    frame = Frame.from_jpeg(JPEG)
    drawn = frame.with_image(np.zeros((10, 10, 3), np.uint8))
    assert (drawn.size_wh, frame.size_wh) == ((10, 10), (30, 20))
    assert not jpeg.decode(drawn.jpeg).any()


def test_a_scaled_picture_has_its_boxes_scaled_along() -> None:
    frame = Frame.from_image(np.zeros((80, 120, 3), np.uint8)).with_unseen([(60, 0, 120, 80)])
    frame = frame.with_detections([Detection("person", 0.9, (10, 20, 30, 60))])
    small = frame.with_image(np.zeros((41, 60, 3), np.uint8))  # rounded: half of it is 40 rows
    assert small.detections[0].xyxy == pytest.approx((5, 10.25, 15, 30.75))
    assert small.unseen == ((30, 0, 60, 41),)
    assert frame.with_image(frame.image.copy()).unseen == frame.unseen


def test_in_a_picture_of_another_shape_nothing_was_looked_at_where_something_was_not_before() -> None:
    frame = Frame.from_image(np.zeros((80, 120, 3), np.uint8))
    square = np.zeros((80, 80, 3), np.uint8)
    assert frame.with_unseen([(0, 0, 1, 1)]).with_image(square).unseen == ((0, 0, 80, 80),)
    assert frame.with_image(square).unseen == ()


def test_what_was_not_looked_at_adds_up_within_the_picture_and_within_bounds() -> None:
    frame = Frame.from_jpeg(JPEG).with_unseen([(-5, 0, 10, 10)]).with_unseen([(20, 10, 99, 99)])
    assert frame.unseen == ((0, 0, 10, 10), (20, 10, 30, 20))
    many = frame.with_unseen([(5, 5, 6, 6)] * 254)
    assert len(many.unseen) == 256
    assert many.with_unseen([(5, 5, 6, 6)]).unseen == ((0, 0, 30, 20),)


@pytest.mark.parametrize(
    ("xyxy", "clipped"),
    [
        ((-5, -5, 10, 10), (0, 0, 10, 10)),
        ((25, 15, 99, 99), (25, 15, 30, 20)),
        ((40, 40, 50, 50), (30, 20, 30, 20)),
        ((12, 8, 4, 2), (12, 8, 12, 8)),
    ],
)
def test_boxes_are_clipped_to_the_picture(xyxy: XYXY, clipped: XYXY) -> None:
    (found,) = Frame.from_image(PIXELS).with_detections([Detection("person", 1.0, xyxy)]).detections
    assert found.xyxy == clipped


@pytest.mark.parametrize("frame_id", ["0f3c5a9b2d11-30", "0f3c5a9b2d11-30.1"])
def test_the_run_is_the_part_of_the_id_that_all_frames_of_a_producer_share(frame_id: str) -> None:
    assert Frame(Picture(jpeg=JPEG), id=frame_id).run == "0f3c5a9b2d11"


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((20, 30), np.uint8),
        np.zeros((20, 30, 4), np.uint8),
        np.zeros((20, 30, 3)),
        np.zeros((0, 9, 3), np.uint8),
    ],
)
def test_an_array_that_is_no_picture_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"Expected BGR pixels, uint8 of shape \(height, width, 3\), got"):
        Frame.from_image(image)


def test_a_picture_is_made_from_a_jpeg_or_from_pixels_never_both() -> None:
    with pytest.raises(TypeError, match="Expected either jpeg or image"):
        Picture(jpeg=JPEG, image=PIXELS)
