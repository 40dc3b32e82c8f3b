"""What of somebody shows: black, strong blur and coarse mosaics hide; weak ones, veils and uncovered strips do not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from functions.core.jpeg import Image
from streams.verify.structure import Shown, shown
from streams.verify.truth import Box
from tests.streams.verify.planted import Fill, Scene, blurred, mosaic, scene_of


@pytest.fixture(scope="module")
def scene(data: Path) -> Scene:
    return scene_of(data)


def veiled(image: Image, box: Box) -> Image:
    return (image // 5).astype(np.uint8)


def black(image: Image, box: Box) -> Image:
    return np.zeros_like(image)


def all_shown(scene: Scene, redacted: Image) -> list[Shown]:
    found = (shown(scene.images[0], redacted, box) for box in scene.people[0].values())
    return [each for each in found if each]


@pytest.mark.parametrize("fill", [black, blurred(0.2), mosaic(4)])
def test_who_is_hidden_does_not_correlate(scene: Scene, fill: Fill) -> None:
    for each in all_shown(scene, scene.hidden(0, fill)):
        assert each.whole < 0.5
        assert each.part < 0.8


@pytest.mark.parametrize("fill", [blurred(0.03), mosaic(24), veiled])
def test_who_is_hidden_too_little_does(scene: Scene, fill: Fill) -> None:
    assert all(each.whole > 0.6 for each in all_shown(scene, scene.hidden(0, fill)))


def test_a_strip_that_is_uncovered_shows_in_part(scene: Scene) -> None:
    found = all_shown(scene, scene.hidden(0, uncovered=0.4))
    assert all(each.part > 0.9 and each.whole < 0.9 for each in found)


def test_a_picture_shows_itself_and_a_plain_one_nothing(scene: Scene) -> None:
    assert all(each.whole > 0.99 and each.part > 0.99 for each in all_shown(scene, scene.images[0]))
    grey = np.full((64, 64, 3), 90, np.uint8)
    assert shown(grey, grey, (0, 0, 64, 64)) == Shown(0.0, 0.0)


def test_what_is_too_small_or_outside_cannot_be_told(scene: Scene) -> None:
    image = scene.images[0]
    assert shown(image, image, (10, 10, 16, 16)) is None
    assert shown(image, image, (-50, -50, -10, -10)) is None


def test_a_picture_that_was_brightened_shows_as_much(scene: Scene) -> None:
    brighter = cv2.convertScaleAbs(scene.images[0], alpha=0.8, beta=40)
    assert all(each.whole > 0.9 for each in all_shown(scene, np.asarray(brighter, np.uint8)))
