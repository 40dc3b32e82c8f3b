"""Appearance: colour histograms of clothes, to re-identify people at another camera; kept in memory only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from functions.core.frame import XYXY
from functions.core.jpeg import Image
from functions.counting.visits import MINUTE, SECOND
from functions.geometry.masks import pixels

Look = NDArray[np.float32]

# Hue, saturation and brightness, of what is worn above and below: rows of the box, as shares; the head is left out.
_BINS, _RANGES = (8, 3, 4), (0, 180, 0, 256, 0, 256)
_ABOVE, _BELOW = (0.2, 0.5), (0.5, 0.85)
_SIDES = (0.2, 0.8)
_SMALLEST = 8  # pixels of a box's side
# Of a visit so many pictures, a second apart, are looked at before it is compared.
_PICTURES, _EVERY = 3, SECOND
# Nobody is the same who looks less alike, or hardly more alike than another does; nor after so long.
_ALIKE, _CLEARLY = 0.85, 0.05
_KEEP = 60 * MINUTE
_MOST = 2000


class _Seen(NamedTuple):
    source: str
    last_at: int
    look: Look
    pictures: int


class Looks:
    """The appearance of people seen in the last hour, at all cameras of this process: in memory only, never written."""

    def __init__(self) -> None:
        self._seen: dict[int, _Seen] = {}

    def wants(self, visit: int, at: int) -> bool:
        """Whether another picture of a visit is due."""
        seen = self._seen.get(visit)
        return seen is None or at - seen.last_at >= _EVERY

    def add(self, visit: int, source: str, at: int, look: Look) -> None:
        """Add one picture of a visit to its mean."""
        seen = self._seen.pop(visit, None)
        pictures = seen.pictures if seen else 0
        mean = look if seen is None else seen.look + (look - seen.look) / np.float32(pictures + 1)
        self._seen[visit] = _Seen(source, at, mean, pictures + 1)
        while len(self._seen) > _MOST or at - next(iter(self._seen.values())).last_at > _KEEP:
            del self._seen[next(iter(self._seen))]

    def same_as(self, visit: int) -> int | None:
        """The visit at another camera of the same appearance, None where none is clearly the same."""
        mine = self._seen.get(visit)
        if mine is None or mine.pictures < _PICTURES:
            return None
        likely = sorted(((alike(mine.look, other.look), number) for number, other in self._others(mine)), reverse=True)
        if not likely or likely[0][0] < _ALIKE or (len(likely) > 1 and likely[0][0] - likely[1][0] < _CLEARLY):
            return None
        return likely[0][1]

    def _others(self, mine: _Seen) -> Iterator[tuple[int, _Seen]]:
        for number, other in self._seen.items():
            if other.source != mine.source and other.pictures >= _PICTURES:
                yield number, other


def look_of(image: Image, xyxy: XYXY) -> Look | None:
    """The colours of a person's clothes, of BGR pixels; None where too little of the person is visible."""
    rows, columns = pixels(xyxy)
    person = image[rows, columns]
    height, width = person.shape[:2]
    if min(height, width) < _SMALLEST:
        return None
    middle = person[:, int(_SIDES[0] * width) : int(_SIDES[1] * width)]
    parts = (middle[int(top * height) : int(bottom * height)] for top, bottom in (_ABOVE, _BELOW))
    return np.concatenate([_colours(part) for part in parts])


def alike(one: Look, other: Look) -> float:
    """The similarity of two appearances, 0 to 1: the Bhattacharyya coefficient."""
    return float(np.sqrt(one * other).sum() / 2)


def _colours(part: Image) -> Look:
    hsv = cv2.cvtColor(part, cv2.COLOR_BGR2HSV)
    counted = cv2.calcHist([hsv], [0, 1, 2], None, _BINS, _RANGES).ravel()
    return np.asarray(counted / max(1.0, counted.sum()), np.float32)
