"""A witness of motion that tells by itself whether the camera stands or moves, and covers more where it cannot."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from functions.core.jpeg import Image
from functions.motion.background import LEARNING, STARTING, UPSET
from functions.motion.witness import MOVES_UNKNOWN, MOVING, MotionWitness

SIZE_WH = WIDTH, HEIGHT = 384, 288
DARK = np.zeros((HEIGHT, WIDTH, 3), np.uint8)


def a_town(seed: int, width: int = 2400) -> Image:
    """A long street front with corners to follow, wider than the picture."""
    random = np.random.default_rng(seed)
    coarse = random.integers(30, 220, (24, width // 16, 3), np.uint8)
    return cv2.resize(coarse, (width, HEIGHT), interpolation=cv2.INTER_NEAREST).astype(np.uint8)


TOWN, OTHER_TOWN = a_town(1), a_town(2)


def view(left: float, town: Image = TOWN, walker: tuple[int, int] | None = None) -> Image:
    """What the camera sees that looks at the town so far from its left end, and a walker (x, y) before it."""
    shift = np.array([[1, 0, -left], [0, 1, 0]], np.float64)
    image = cv2.warpAffine(town, shift, SIZE_WH).astype(np.uint8)
    if walker:
        x, y = walker
        cv2.rectangle(image, (x, y), (x + 26, y + 80), (0, 0, 255), -1)
        cv2.rectangle(image, (x + 6, y + 10), (x + 20, y + 40), (255, 255, 0), -1)
    return image


def doubts(witness: MotionWitness, images: Sequence[Image]) -> list[str | None]:
    return [witness.motion_mask(image)[1] for image in images]


def test_a_camera_that_stands_is_known_to_stand() -> None:
    assert doubts(MotionWitness(), [view(100)] * 40) == [STARTING] * LEARNING + [None] * 35


@pytest.mark.parametrize("pixels", [1.5, 6, 20])
def test_a_camera_that_pans_is_known_to_move_and_who_walks_there_is_covered_but_not_the_street(pixels: float) -> None:
    witness, covered, shares = MotionWitness(), [], []
    for at in range(40):
        x = 40 + 5 * at
        moving, doubt = witness.motion_mask(view(100 + pixels * at, walker=(x, 100)))
        if at <= LEARNING:
            continue
        assert doubt == MOVING
        assert moving is not None
        covered.append((moving[100:180, x : x + 26] > 0).mean())
        shares.append((moving > 0).mean())
    assert np.mean(covered) > 0.95
    assert min(covered) > 0.6
    assert np.mean(shares) < 0.4


def test_a_slow_pan_that_one_step_does_not_show_is_noticed_within_a_second() -> None:
    witness = MotionWitness()
    doubts(witness, [view(100)] * 20)
    found = doubts(witness, [view(100 + 0.2 * at) for at in range(40)])
    assert found[-1] == MOVING or None in found  # told by steps or seen by the background
    assert any(found[:25])


def test_a_cut_covers_everything_until_something_is_known_again() -> None:
    witness = MotionWitness()
    doubts(witness, [view(100 + 6 * at) for at in range(20)])
    found = [witness.motion_mask(view(900 + 6 * at, OTHER_TOWN)) for at in range(10)]
    assert [moving is None for moving, _ in found[:2]] == [True, True]
    assert {doubt for _, doubt in found[:2]} == {MOVES_UNKNOWN}
    assert found[-1][1] == MOVING


def test_a_cut_of_a_camera_that_stands_covers_everything_while_it_learns() -> None:
    witness = MotionWitness()
    doubts(witness, [view(100)] * 20)
    assert doubts(witness, [view(900, OTHER_TOWN)] * 12) == [UPSET] * (LEARNING + 1) + [None] * 6


def test_a_pan_that_ends_goes_back_to_the_background_model_and_shows_nothing_uncovered_between() -> None:
    witness = MotionWitness()
    assert doubts(witness, [view(100)] * 12)[-1] is None
    lefts = [100 + 8 * min(at, 25) for at in range(60)]
    found = []
    for at, left in enumerate(lefts):
        x = 20 + 5 * at
        moving, doubt = witness.motion_mask(view(left, walker=(x, 100)))
        found.append(doubt)
        assert moving is None or (moving[100:180, x : x + 26] > 0).mean() > 0.5
    assert found[0] is None or found[0] == UPSET
    assert MOVING in found[:25]
    assert found[-1] is None


def test_five_frames_a_second_of_a_pan_cover_who_walks_or_everything() -> None:
    witness = MotionWitness()
    for at in range(25):
        x = 20 + 13 * at
        moving, _ = witness.motion_mask(view(100 + 30 * at, walker=(x, 100)))
        assert moving is None or (moving[100:180, x : x + 26] > 0).mean() > 0.6


@pytest.mark.parametrize("image", [DARK, np.full_like(DARK, 128)], ids=["dark", "a wall"])
def test_a_pan_into_nothing_that_can_be_followed_covers_everything(image: Image) -> None:
    witness = MotionWitness()
    doubts(witness, [view(100 + 6 * at) for at in range(20)])
    assert witness.motion_mask(image) == (None, MOVES_UNKNOWN)


def test_light_that_changes_while_the_camera_moves_covers_everything() -> None:
    witness = MotionWitness()
    doubts(witness, [view(100 + 6 * at) for at in range(20)])
    lit = [np.clip(view(220 + 6 * at).astype(int) // 2 + 100, 0, 255).astype(np.uint8) for at in range(2)]
    assert witness.motion_mask(lit[0])[0] is None


def test_who_fills_two_fifths_of_the_picture_is_not_taken_for_the_street() -> None:
    """Many points are on a thing that goes its own way: the camera's way is not told by them."""
    witness = MotionWitness()
    for at in range(40):
        image = view(100)
        width = min(2 * WIDTH // 5, 12 * at)
        image[:, :width] = OTHER_TOWN[:, 900 - 12 * at : 900 - 12 * at + width]
        moving, _ = witness.motion_mask(image)
        if at > 2 and width:
            assert moving is None or (moving[:, :width] > 0).mean() > 0.5


def test_a_street_full_of_walkers_is_not_a_camera_that_was_turned() -> None:
    """They wear more that can be followed than the street has, so that most points go their way."""
    street = (view(100) // 4 + 90).astype(np.uint8)
    pictures = [street] * 12
    for at in range(40):
        picture = street.copy()
        for walker in range(6):
            x = 20 + walker * 57 + (at if walker % 2 else -at) * 2
            x = min(max(x, 0), WIDTH - 22)
            coat = OTHER_TOWN[:140, 200 * walker : 200 * walker + 44]
            picture[100:170, x : x + 22] = cv2.resize(coat, (22, 70), interpolation=cv2.INTER_AREA)
        pictures.append(picture)
    assert doubts(MotionWitness(), pictures) == [STARTING] * LEARNING + [None] * 47


def test_the_same_pictures_have_the_same_answer() -> None:
    images = [view(100 + 6 * at, walker=(40 + 5 * at, 100)) for at in range(20)]
    one, other = MotionWitness(), MotionWitness()
    for image in images:
        (moving, doubt), (again, same) = one.motion_mask(image), other.motion_mask(image)
        assert doubt == same
        assert (moving is None and again is None) or np.array_equal(moving, again)
