"""Which raw frame each redacted frame shows, by what is in the pictures; stamps decide where those hardly tell.

Every frame becomes a small grey print. The path through both films that differs least, never backwards, is found by
dynamic programming (dynamic time warping, Sakoe and Chiba 1978), first on every fourth frame of every fourth and so
on, then closer and closer around what was found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from functions.core.jpeg import Image

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Fine enough for what people do not do: where all who walk are hidden, only grain and leaves tell frames apart.
_PRINT_WH = (64, 48)
# Grey levels: a cell that differs more is covered, and says no more about the frame by differing more still; and a cell
# that differs less is the same.
_CLIPPED, _SAME = 6, 8.0
# Grey levels that a step costs for each frame that it is off what the stamps say, and at most.
_STEP_COST, _STEP_MOST = 0.04, 1.0
# What the found path must differ less than stamps and numbers say, as a share: where people are hidden and nothing else
# moves, a coarse encoder makes a frame look like those before it.
_GAIN = 0.05
# Frames that are looked at all against all; the factor to the next closer look, and the frames about a path there.
_ALL, _FACTOR, _BAND = 256, 4, 16
# A frame of which less than this share is as in its raw frame shows something else; one whose cells hardly differ among
# themselves (grey levels) shows nothing.
_LEAST_SAME, _PLAIN = 0.1, 6.0


@dataclass(frozen=True)
class Prints:
    """The frames of a film: prints uint8 (n, cells), and when they are shown, in seconds (n,)."""

    cells: NDArray[np.uint8]
    at_s: Floats

    def every(self, factor: int) -> Prints:
        """Every so manieth frame."""
        return Prints(self.cells[::factor], self.at_s[::factor])


@dataclass(frozen=True)
class Alignment:
    """Of each redacted frame the number of its raw one, counted from 0, and whether it shows what that one shows.

    A frame that shows nothing, such as a black one, counts as showing it.
    """

    raw: Ints
    same: NDArray[np.bool_]

    def dropped(self, total: int) -> int:
        """How many of the raw frames, of which there are `total`, are not in the redacted film."""
        return total - len(np.unique(self.raw))

    @property
    def repeated(self) -> int:
        """How many redacted frames show a raw frame again."""
        return len(self.raw) - len(np.unique(self.raw))


def print_of(image: Image) -> NDArray[np.uint8]:
    """The small grey print of a BGR picture."""
    small = cv2.resize(image, _PRINT_WH, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).reshape(-1).astype(np.uint8, copy=False)


def align(raw: Prints, redacted: Prints) -> Alignment:
    """Line up two films, each of at least one frame."""
    found = _path(raw, redacted)
    path = min(_told(raw, redacted), key=lambda told: _difference(raw, redacted, told))
    if _difference(raw, redacted, found) < (1 - _GAIN) * _difference(raw, redacted, path):
        path = found
    differs = np.abs(raw.cells[path].astype(np.float32) - redacted.cells)
    same = (differs < _SAME).mean(axis=1) >= _LEAST_SAME
    return Alignment(path, same | (redacted.cells.std(axis=1) < _PLAIN))


def _told(raw: Prints, redacted: Prints) -> Iterator[Ints]:
    """The paths that stamps say, and numbers where there are as many frames."""
    yield _stamped(raw, redacted.at_s).round().astype(np.int64)
    if len(raw.at_s) == len(redacted.at_s):
        yield np.arange(len(raw.at_s))


def _difference(raw: Prints, redacted: Prints, path: Ints) -> float:
    """The mean difference along a path."""
    return float(np.mean([_differences(raw, redacted, at, path[at : at + 1])[0] for at in range(len(path))]))


def _path(raw: Prints, redacted: Prints) -> Ints:
    longest = max(len(raw.at_s), len(redacted.at_s))
    if longest <= _ALL:
        first = np.zeros(len(redacted.at_s), np.int64)
        return _cheapest(raw, redacted, first, len(raw.at_s))
    coarse = _path(raw.every(_FACTOR), redacted.every(_FACTOR)) * _FACTOR
    known = np.arange(0, len(redacted.at_s), _FACTOR)
    middle = np.interp(np.arange(len(redacted.at_s)), known, coarse).round().astype(np.int64)
    width = min(2 * _BAND + 1, len(raw.at_s))
    first = np.clip(middle - _BAND, 0, len(raw.at_s) - width)
    return _cheapest(raw, redacted, first, width)


def _cheapest(raw: Prints, redacted: Prints, first: Ints, width: int) -> Ints:
    """The cheapest path through bands of raw frames: `width` of them from `first`, of each redacted frame."""
    window = np.arange(width)
    start = first[0] + window
    total = _differences(raw, redacted, 0, start) + _step_cost(start - _stamped(raw, redacted.at_s[:1]))
    came_from = np.zeros((len(first), width), np.int64)
    for number in range(1, len(first)):
        before, now = first[number - 1] + window, first[number] + window
        expected = _stamped(raw, raw.at_s[before] + redacted.at_s[number] - redacted.at_s[number - 1])
        steps = total[:, None] + _step_cost(now[None] - expected[:, None])
        steps[now[None] < before[:, None]] = np.inf
        came_from[number] = steps.argmin(axis=0)
        total = steps.min(axis=0) + _differences(raw, redacted, number, now)
    return _walked_back(came_from, int(total.argmin()), first)


def _walked_back(came_from: Ints, last: int, first: Ints) -> Ints:
    path = np.empty(len(came_from), np.int64)
    for number in range(len(came_from) - 1, -1, -1):
        path[number] = first[number] + last
        last = int(came_from[number, last])
    return path


def _differences(raw: Prints, redacted: Prints, number: int, others: Ints) -> Floats:
    """The mean difference of a redacted frame to each of those raw ones, in grey levels."""
    differ = np.abs(raw.cells[others].astype(np.int16) - redacted.cells[number].astype(np.int16))
    mean: Floats = np.minimum(differ, _CLIPPED).mean(axis=1)
    return mean


def _stamped(raw: Prints, at_s: Floats) -> Floats:
    """The numbers, with fractions, of the raw frames at these times; beyond the last one at the last step's rate."""
    numbers = np.arange(len(raw.at_s), dtype=np.float64)
    found: Floats = np.interp(at_s, raw.at_s, numbers)
    return found


def _step_cost(off: Floats) -> Floats:
    """Nothing for the half frame that rounding makes."""
    cost: Floats = np.clip((np.abs(off) - 0.5) * _STEP_COST, 0, _STEP_MOST)
    return cost
