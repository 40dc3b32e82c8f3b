"""Visits: a person seen by one camera for a time, minute by minute, with the path on the ground plane."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from msgspec import Struct

from functions.core.frame import XYXY, Size

# µs, x and y in metres.
Step = tuple[int, float, float]
Row = tuple[float, float, float]
Homography = tuple[Row, Row, Row]

SECOND = 1_000_000
MINUTE = 60 * SECOND
# Positions are interpolated over gaps up to this.
_GAP = 5 * SECOND
# A box so near an edge of the picture is cut by it, in pixels.
_CUT = 2
# Less ground than that across the lower edge of a picture is no ground, in metres.
_NARROWEST_M = 0.2
# Assumed width of a cut box, as a share of its height.
_BREADTH = 0.35


class Visit(Struct, frozen=True, kw_only=True):
    """A person seen by one camera from `first_at` to `last_at` (µs since the epoch), in the minute of `last_at`.

    `path` holds the positions in that minute, about two a second; `same_as` is the visit at another camera with the
    same appearance; `restarted_at` is when another process took over the camera.
    """

    id: int
    source: str
    first_at: int
    last_at: int
    path: tuple[Step, ...] = ()
    same_as: int | None = None
    restarted_at: int | None = None

    @property
    def minute(self) -> int:
        """The minute of `last_at`, counted from the epoch."""
        return self.last_at // MINUTE


def ground(homography: Homography, xyxy: XYXY, size_wh: Size) -> tuple[float, float] | None:
    """Where a person stands on the ground plane, in metres; None where the feet are not visible.

    The homography maps shares of the picture (0 to 1) to metres, up to its sign: the ground is on the side of
    the horizon where the middle of the lower edge is.
    """
    left, top, right, bottom = xyxy
    width, height = size_wh
    if bottom >= height - _CUT:
        return None
    # The rest of a cut box is beyond the edge.
    whole = max(right - left, _BREADTH * (bottom - top))
    middle = (left + right) / 2
    if left <= _CUT:
        middle = right - whole / 2
    elif right >= width - _CUT:
        middle = left + whole / 2
    x, y, scale = _through(homography, middle / width, bottom / height)
    return (x / scale, y / scale) if scale * _through(homography, 0.5, 1.0)[2] > 0 else None


def of_shares(homography: Homography) -> Homography:
    """The homography itself. Raises ValueError for one that was made for pixels: its ground has room for nobody."""
    (x, y, scale), (next_x, next_y, next_scale) = (_through(homography, share, 1.0) for share in (0.49, 0.51))
    across = math.hypot(next_x * scale - x * next_scale, next_y * scale - y * next_scale)
    if across < _NARROWEST_M * 0.02 * abs(scale * next_scale):
        raise ValueError(
            "expected a homography from shares of the picture, 0 to 1, to metres, got one on which the whole picture "
            f"is less than {_NARROWEST_M} m wide; of pixels: multiply its first column by the picture's width and its "
            "second by the height"
        )
    return homography


def shared(one: Sequence[Step], other: Sequence[Step]) -> tuple[int, float]:
    """How many moments two paths have in common, and their median distance then, in metres."""
    both = ((step, _at(other, step[0])) for step in one)
    distances = sorted(((x - there[0]) ** 2 + (y - there[1]) ** 2) ** 0.5 for (_, x, y), there in both if there)
    return len(distances), distances[len(distances) // 2] if distances else 0.0


def _through(homography: Homography, x: float, y: float) -> tuple[float, ...]:
    return tuple(row[0] * x + row[1] * y + row[2] for row in homography)


def _at(path: Sequence[Step], at: int) -> tuple[float, float] | None:
    """The position at a time, interpolated between two steps."""
    for (before, x, y), (after, next_x, next_y) in itertools.pairwise(path):
        if before <= at <= after and after - before <= _GAP:
            share = (at - before) / max(1, after - before)
            return x + share * (next_x - x), y + share * (next_y - y)
    return None
