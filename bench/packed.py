"""Crowds made of a sequence: pictures of 1920x1080, each full of those of the sequence, at a scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

import cv2
import numpy as np

from bench.truth import Footage
from functions.core.jpeg import Image
from streams.verify.truth import Box

_WIDTH, _HEIGHT = 1920, 1080
_PICTURES = 4

Shot = tuple[Image, Sequence[Box]]


@dataclass(frozen=True)
class Packed(Footage):
    """A sequence whose pictures were made."""

    made: tuple[Image, ...] = ()

    def images(self) -> Iterator[tuple[int, Image]]:
        """Every picture, by number from 1."""
        yield from enumerate(self.made, 1)


def packed(footage: Footage, scale: float) -> Packed:
    """A few pictures of all with a truth, each beginning with another one; half of them mirrored.

    Each true box is a person, and who is cut by an edge is nobody.
    """
    shots = [_scaled(shot, scale) for shot in _with_truth(footage)]
    made = [_full(shots[first:] + shots[:first]) for first in range(min(_PICTURES, len(shots)))]
    made = [_mirrored(shot) if at % 2 else shot for at, shot in enumerate(made)]
    people = {
        number: {f"{number}.{at}": box for at, box in enumerate(boxes)} for number, (_, boxes) in enumerate(made, 1)
    }
    images = tuple(image for image, _ in made)
    return Packed(footage.name, people, footage.pictures, footage.fps, stills=True, made=images)


def _with_truth(footage: Footage) -> Iterator[Shot]:
    for number, image in footage.images():
        if number in footage.people:
            yield image, [*footage.people[number].values()]


def _full(shots: Sequence[Shot]) -> Shot:
    """These side by side, row by row, again and again until the picture is full."""
    whole, boxes = np.zeros((_HEIGHT, _WIDTH, 3), np.uint8), list[Box]()
    following, top = cycle(shots), 0
    while top < _HEIGHT:
        left = below = 0
        while left < _WIDTH:
            image, inside = next(following)
            part = whole[top : top + image.shape[0], left : left + image.shape[1]]
            part[:] = image[: part.shape[0], : part.shape[1]]
            uncut = (box for box in inside if box[2] <= part.shape[1] and box[3] <= part.shape[0])
            boxes += [(x1 + left, y1 + top, x2 + left, y2 + top) for x1, y1, x2, y2 in uncut]
            left, below = left + image.shape[1], max(below, image.shape[0])
        top += below
    return whole, boxes


def _scaled(shot: Shot, scale: float) -> Shot:
    image, boxes = shot
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return small, [(scale * x1, scale * y1, scale * x2, scale * y2) for x1, y1, x2, y2 in boxes]


def _mirrored(shot: Shot) -> Shot:
    image, boxes = shot
    return np.ascontiguousarray(image[:, ::-1]), [(_WIDTH - x2, y1, _WIDTH - x1, y2) for x1, y1, x2, y2 in boxes]
