"""What of true people can be seen in redacted frames. A person is exposed where less than half is covered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.verify.truth import Box

_HALF, _NEARLY_ALL = 0.5, 0.9


class Exposure(NamedTuple):
    """Shares 0 to 1 of what is covered, of boxes, of persons and of the picture; the time in seconds."""

    coverage: float
    under_half: float
    under_90: float
    head_coverage: float
    masked: float
    never_exposed: float
    longest_exposed_s: float


@dataclass(frozen=True)
class Cover:
    """One redacted frame: the share covered of each person, of their heads, and of the picture."""

    seq: int
    whole: Mapping[str, float]
    heads: Mapping[str, float]
    masked: float

    @property
    def least(self) -> float:
        """The share covered of who is covered least."""
        return min(self.whole.values(), default=1.0)


def cover_of(seq: int, hidden: NDArray[np.bool_], people: Mapping[str, Box]) -> Cover:
    """What the hidden pixels, a mask (height, width), cover of people; a box outside the picture counts not."""
    inside = {person: box for person, box in people.items() if hidden[_slices(box)].size}
    whole = {person: float(hidden[_slices(box)].mean()) for person, box in inside.items()}
    heads = {person: float(hidden[_slices(_head(box))].mean()) for person, box in inside.items()}
    return Cover(seq, whole, heads, float(hidden.mean()))


def exposure_of(found: Sequence[Cover], step_s: float) -> Exposure:
    """All frames together, `step_s` seconds apart."""
    whole = np.array([share for each in found for share in each.whole.values()] or [1.0])
    heads = np.array([share for each in found for share in each.heads.values()] or [1.0])
    longest = _longest_runs(found)
    return Exposure(
        coverage=_rounded(whole.mean()),
        under_half=_rounded((whole < _HALF).mean()),
        under_90=_rounded((whole < _NEARLY_ALL).mean()),
        head_coverage=_rounded(heads.mean()),
        masked=_rounded(np.mean([each.masked for each in found])),
        never_exposed=_rounded(np.mean([not run for run in longest.values()] or [True])),
        longest_exposed_s=round(max(longest.values(), default=0) * step_s, 3),
    )


def _longest_runs(found: Sequence[Cover]) -> dict[str, int]:
    """Of each person, the most frames in a row in which they are exposed."""
    longest: dict[str, int] = defaultdict(int)
    current: dict[str, int] = {}
    for each in found:
        current = {person: current.get(person, 0) + 1 if share < _HALF else 0 for person, share in each.whole.items()}
        for person, run in current.items():
            longest[person] = max(longest[person], run)
    return longest


def _head(box: Box) -> Box:
    left, top, right, bottom = box
    return left, top, right, top + max(1.0, (bottom - top) / 4)


def _slices(box: Box) -> tuple[slice, slice]:
    left, top, right, bottom = (max(0, round(value)) for value in box)
    return slice(top, max(bottom, top)), slice(left, right)


def _rounded(share: float | np.floating[Any]) -> float:
    return round(float(share), 5)
