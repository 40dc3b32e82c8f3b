"""What of true people can be seen in redacted frames. A person is exposed where less than half is covered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.truth import Box
from functions import Frame
from functions.core.jpeg import Image


class Figures(NamedTuple):
    """Shares 0 to 1 of what is covered, of boxes, of persons and of the picture; times in seconds."""

    coverage: float
    under_half: float
    under_90: float
    head_coverage: float
    masked: float
    never_exposed: float
    longest_exposed_s: float
    fps: float
    delay_s: float


@dataclass(frozen=True)
class Cover:
    """One redacted frame: the share covered of each person, of their heads, and of the picture."""

    seq: int
    whole: Mapping[str, float]
    heads: Mapping[str, float]
    masked: float
    worst: Image | None


def covers(frame: Frame, people: Mapping[str, Box]) -> Cover:
    """What black covers of the people in a frame that has no other black; a box outside the picture counts not."""
    mask = (frame.image == 0).all(axis=2)
    inside = {person: box for person, box in people.items() if mask[_slices(box)].size}
    whole = {person: float(mask[_slices(box)].mean()) for person, box in inside.items()}
    heads = {person: float(mask[_slices(_head(box))].mean()) for person, box in inside.items()}
    worst = frame.image if min(whole.values(), default=1.0) < 0.9 else None
    return Cover(frame.seq, whole, heads, float(mask.mean()), worst)


def figures_of(found: Sequence[Cover], step_s: float, fps: float, delay_s: float) -> Figures:
    """All frames together."""
    whole = np.array([share for each in found for share in each.whole.values()])
    heads = np.array([share for each in found for share in each.heads.values()])
    longest = _longest_runs(found)
    return Figures(
        coverage=_rounded(whole.mean()),
        under_half=_rounded((whole < 0.5).mean()),
        under_90=_rounded((whole < 0.9).mean()),
        head_coverage=_rounded(heads.mean()),
        masked=_rounded(np.mean([each.masked for each in found])),
        never_exposed=_rounded(np.mean([not run for run in longest.values()])),
        longest_exposed_s=round(max(longest.values(), default=0) * step_s, 3),
        fps=round(fps, 1),
        delay_s=delay_s,
    )


def _longest_runs(found: Sequence[Cover]) -> dict[str, int]:
    """Of each person, the most frames in a row in which they are exposed."""
    longest: dict[str, int] = defaultdict(int)
    current: dict[str, int] = {}
    for each in found:
        current = {person: current.get(person, 0) + 1 if share < 0.5 else 0 for person, share in each.whole.items()}
        for person, run in current.items():
            longest[person] = max(longest[person], run)
    return longest


def _head(box: Box) -> Box:
    left, top, right, bottom = box
    return left, top, right, top + max(1.0, (bottom - top) / 4)


def _slices(box: Box) -> tuple[slice, slice]:
    left, top, right, bottom = (max(0, round(value)) for value in box)
    return slice(top, max(bottom, top)), slice(left, right)


def _rounded(share: float | NDArray[np.float64]) -> float:
    return round(float(share), 5)
