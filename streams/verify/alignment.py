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
# Grey levels that a step costs for each frame that it is off what the stamps say, and at most; and that the start does.
_STEP_COST, _START_COST, _COST_MOST = 0.1, 0.02, 1.0
# A found path is better than what stamps and numbers say from this gain on, as a share; and by this share of the mean
# difference it must be better than chance: an encoder may leave nothing that tells frames apart.
_GAIN, _SIGNAL = 0.03, 0.02
# Frames from which on those in common can be told.
_LEAST_FRAMES = 8
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

    A frame that shows nothing, such as a black one, counts as showing it. `other` is what pictures say where stamps are
    believed, and what stamps say where pictures are; None where both say the same.
    """

    raw: Ints
    same: NDArray[np.bool_]
    other: Ints | None = None

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
    band = _band(raw, redacted)
    found, told = band.cheapest(), min(_told(raw, redacted), key=band.along)
    gained, there = band.along(told) - band.along(found), -band.along(found)
    believed = gained > _GAIN * there and there > _SIGNAL * band.mean
    path, other = (found, told) if believed else (told, found)
    differs = np.minimum(*(np.abs(raw.cells[each].astype(np.float32) - redacted.cells) for each in (path, other)))
    same = (differs < _SAME).mean(axis=1) >= _LEAST_SAME
    plain = redacted.cells.std(axis=1) < _PLAIN
    return Alignment(path, same | plain, None if np.array_equal(path, other) else other)


def _told(raw: Prints, redacted: Prints) -> Iterator[Ints]:
    """The paths that stamps say, and numbers where there are as many frames."""
    yield _stamped(raw, redacted.at_s).round().astype(np.int64)
    if len(raw.at_s) == len(redacted.at_s):
        yield np.arange(len(raw.at_s))


class _Band:
    """Of each redacted frame the differences to `width` raw ones from `first` on, without what each has to all.

    A frame that an encoder made smooth is like all others; what is left is what two frames have in common.
    """

    def __init__(self, raw: Prints, redacted: Prints, first: Ints, width: int) -> None:
        self._raw, self._redacted, self._first = raw, redacted, first
        self._window = np.arange(width)
        there = first[:, None] + self._window
        differs = np.array([_differences(raw, redacted, at, others) for at, others in enumerate(there)])
        self.mean = float(differs.mean())
        self._rows = differs.mean(axis=1)
        self._columns = np.zeros(len(raw.at_s))
        own = differs - self._rows[:, None]
        if len(first) >= _LEAST_FRAMES:
            counts = np.bincount(there.ravel(), minlength=len(self._columns))
            self._columns = np.bincount(there.ravel(), own.ravel(), len(self._columns)) / np.maximum(1, counts)
        self._costs = own - self._columns[there]

    def along(self, path: Ints) -> float:
        """The mean cost of a path, also of one beside the band; what chance would have is 0."""
        each = [_differences(self._raw, self._redacted, at, path[at : at + 1])[0] for at in range(len(path))]
        return float(np.mean(np.array(each) - self._rows - self._columns[path]))

    def cheapest(self) -> Ints:
        """The cheapest path that never goes backwards."""
        raw, at_s, first = self._raw, self._redacted.at_s, self._first
        start = first[0] + self._window
        total = self._costs[0] + _cost(start - _stamped(raw, at_s[:1]), _START_COST)
        came_from = np.zeros(self._costs.shape, np.int64)
        for number in range(1, len(first)):
            before, now = first[number - 1] + self._window, first[number] + self._window
            expected = _stamped(raw, raw.at_s[before] + at_s[number] - at_s[number - 1])
            steps = total[:, None] + _cost(now[None] - expected[:, None], _STEP_COST)
            steps[now[None] < before[:, None]] = np.inf
            came_from[number] = steps.argmin(axis=0)
            total = steps.min(axis=0) + self._costs[number]
        return _walked_back(came_from, int(total.argmin()), first)


def _band(raw: Prints, redacted: Prints) -> _Band:
    """All raw frames for a short film, those about the path of every fourth frame for a long one."""
    if max(len(raw.at_s), len(redacted.at_s)) <= _ALL:
        return _Band(raw, redacted, np.zeros(len(redacted.at_s), np.int64), len(raw.at_s))
    coarse = _band(raw.every(_FACTOR), redacted.every(_FACTOR)).cheapest() * _FACTOR
    known = np.arange(0, len(redacted.at_s), _FACTOR)
    middle = np.interp(np.arange(len(redacted.at_s)), known, coarse).round().astype(np.int64)
    width = min(2 * _BAND + 1, len(raw.at_s))
    return _Band(raw, redacted, np.clip(middle - _BAND, 0, len(raw.at_s) - width), width)


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


def _cost(off: Floats, each: float) -> Floats:
    """Nothing for the half frame that rounding makes."""
    cost: Floats = np.clip((np.abs(off) - 0.5) * each, 0, _COST_MOST)
    return cost
