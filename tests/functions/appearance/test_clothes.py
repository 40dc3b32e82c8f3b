"""What people wear tells them apart and joins them again, at another camera and in other light."""

from __future__ import annotations

import numpy as np
import pytest

from functions.appearance.clothes import Looks, alike, look_of
from functions.core.jpeg import Image
from tests.streams.walkers import SECOND

BOX = (100.0, 50.0, 140.0, 150.0)
RED, BLUE, GREEN, GREY = (30, 30, 200), (200, 60, 30), (40, 160, 40), (120, 120, 120)


def dressed(above: tuple[int, int, int], below: tuple[int, int, int], light: float = 1.0) -> Image:
    image = np.full((240, 320, 3), 90, np.uint8)
    image[50:100, 100:140], image[100:150, 100:140] = above, below
    return (image * light).astype(np.uint8)


def seen(looks: Looks, visit: int, source: str, image: Image, at_s: int = 0, pictures: int = 3) -> None:
    for second in range(at_s, at_s + pictures):
        look = look_of(image, BOX)
        assert look is not None
        looks.add(visit, source, second * SECOND, look)


def test_the_same_clothes_at_another_camera_are_the_same_person() -> None:
    looks = Looks()
    seen(looks, 1, "a", dressed(RED, BLUE))
    seen(looks, 2, "a", dressed(GREEN, GREY))
    seen(looks, 3, "b", dressed(RED, BLUE, light=0.97), at_s=60)
    assert looks.same_as(3) == 1


@pytest.mark.parametrize(
    ("what", "source", "above", "below", "pictures"),
    [
        ("other clothes", "b", GREEN, BLUE, 3),
        ("above and below exchanged", "b", BLUE, RED, 3),
        ("the same camera", "a", RED, BLUE, 3),
        ("too few pictures", "b", RED, BLUE, 2),
    ],
)
def test_anybody_else_is_not(
    what: str, source: str, above: tuple[int, int, int], below: tuple[int, int, int], pictures: int
) -> None:
    looks = Looks()
    seen(looks, 1, "a", dressed(RED, BLUE))
    seen(looks, 2, source, dressed(above, below), 10, pictures)
    assert looks.same_as(2) is None, what


def test_of_two_who_wear_the_same_nobody_is_chosen() -> None:
    looks = Looks()
    for number, source in enumerate("aab", start=1):
        seen(looks, number, source, dressed(RED, BLUE))
    assert looks.same_as(3) is None


def test_looks_are_forgotten_after_an_hour() -> None:
    looks = Looks()
    seen(looks, 1, "a", dressed(RED, BLUE))
    seen(looks, 2, "b", dressed(RED, BLUE), at_s=3700)
    assert looks.same_as(2) is None


def test_of_whom_too_little_is_seen_nothing_is_known() -> None:
    assert look_of(dressed(RED, BLUE), (0, 0, 5, 100)) is None
    assert look_of(dressed(RED, BLUE), (310, 50, 400, 150)) is not None
    assert look_of(dressed(RED, BLUE), (400, 50, 440, 150)) is None


def test_a_look_is_alike_itself() -> None:
    look = look_of(dressed(RED, BLUE), BOX)
    assert look is not None
    assert alike(look, look) == pytest.approx(1.0)
