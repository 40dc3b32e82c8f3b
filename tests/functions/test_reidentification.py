"""Whoever compares what is left of people in redacted frames with pictures of them finds nobody again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from functions import Detection, Frame
from functions.core.jpeg import Image
from functions.redact import Memory, redact
from functions.redaction.fills import STYLES
from streams.verify.truth import Box, People, read_people
from tests.functions.hops import looked_at

EVERY, KNOWN_UNTIL = 5, 100  # frames: who is known was seen in the first ten seconds
CROP_WH = (24, 48)
_SHUFFLES = 2000

Hide = Callable[[Image, Sequence[Box]], Image]
Shots = dict[int, Image]


class Matches(NamedTuple):
    """Who each crop is, and who the known crop is that looks most like it."""

    true: np.ndarray
    guessed: np.ndarray

    @property
    def rate(self) -> float:
        """The share that is found again."""
        return float((self.true == self.guessed).mean())

    @property
    def chance(self) -> float:
        """What 95 of 100 guessers stay within who know no face: the same guesses, the names shuffled.

        Whole names, since the crops of one person are alike: each guesser is lucky or not with all of them at once.
        """
        names, guessed = np.unique(np.concatenate([self.true, self.guessed]), return_inverse=True)
        true, guessed = np.split(guessed, [len(self.true)])
        dice = np.random.default_rng(1)
        rates = [(dice.permutation(len(names))[guessed] == true).mean() for _ in range(_SHUFFLES)]
        return float(np.quantile(rates, 0.95))


def raw(image: Image, boxes: Sequence[Box]) -> Image:
    """Nobody is hidden."""
    return image


def redacted(style: str, image: Image, boxes: Sequence[Box]) -> Image:
    """As `redact` hides people of whom it has found everything."""
    found = [Detection("person", 0.9, box) for box in boxes]
    frame = looked_at(Frame.from_image(image).with_detections(found))
    return redact(frame, Memory(), (), motion=False, style=style).image  # type: ignore[arg-type]


def mosaic(image: Image, boxes: Sequence[Box]) -> Image:
    """As others do it: each person in 6x6 cells of their own colours."""
    hidden = image.copy()
    for left, top, right, bottom in (map(round, box) for box in boxes):
        part = hidden[max(0, top) : bottom, max(0, left) : right]
        small = cv2.resize(part, (6, 6), interpolation=cv2.INTER_AREA)
        part[:] = cv2.resize(small, part.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return hidden


@pytest.fixture(scope="module")
def people(data: Path) -> People:
    """Where everybody truly is."""
    return read_people(data / "vtest-truth.csv")


@pytest.fixture(scope="module")
def shots(clip: Path, people: People) -> Shots:
    """Every fifth frame that has a truth, by its number."""
    capture = cv2.VideoCapture(str(clip))
    read = {number: capture.read()[1] for number in range(1, max(people) + 1)}
    return {number: image for number, image in read.items() if number % EVERY == 1}  # type: ignore[misc]


def crops(shots: Shots, people: People, hide: Hide) -> tuple[np.ndarray, np.ndarray]:
    """People as vectors whose scalar product is their correlation, and who they are."""
    vectors, names = [], []
    for number, image in shots.items():
        shown = hide(image, list(people[number].values()))
        for name, box in people[number].items():
            left, top, right, bottom = map(round, box)
            crop = cv2.resize(shown[max(0, top) : bottom, max(0, left) : right], CROP_WH, interpolation=cv2.INTER_AREA)
            smooth = cv2.GaussianBlur(crop.astype(np.float32), (0, 0), 1.5).ravel()
            centred = smooth - smooth.mean()
            vectors.append(centred / max(float(np.linalg.norm(centred)), 1e-6))
            names.append(name)
    return np.array(vectors), np.array(names)


def found_again(shots: Shots, people: People, known_as: Hide, hide: Hide) -> Matches:
    """Everybody who is known from the first frames, sought in the later ones."""
    early = {number: image for number, image in shots.items() if number <= KNOWN_UNTIL}
    known, names = crops(early, people, known_as)
    sought, true = crops({number: shots[number] for number in shots.keys() - early.keys()}, people, hide)
    seen_before = np.isin(true, names)
    likeness = sought[seen_before] @ known.T
    return Matches(true[seen_before], names[likeness.argmax(axis=1)])


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("known_as", ["raw", "redacted"])
def test_people_are_found_again_no_better_than_by_chance(
    shots: Shots, people: People, style: str, known_as: str
) -> None:
    hide = partial(redacted, style)
    matches = found_again(shots, people, raw if known_as == "raw" else hide, hide)
    assert len(matches.true) > 200
    assert matches.rate <= matches.chance


@pytest.mark.parametrize("hide", [raw, mosaic])
def test_the_same_finds_people_again_who_are_not_hidden_or_by_a_mosaic_of_themselves(
    shots: Shots, people: People, hide: Hide
) -> None:
    matches = found_again(shots, people, raw, hide)
    assert matches.rate > 1.2 * matches.chance
