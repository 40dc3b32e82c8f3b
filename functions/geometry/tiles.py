"""Looks: which parts of a picture a network looks at, so that what is small is large enough, and the merge of them.

Also a second round of closer looks, at the places of a picture where a crowd was found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, inf

import numpy as np

from functions.core.frame import Size
from functions.core.jpeg import Image
from functions.geometry.boxes import Boxes, Floats, area, distinct, fused, intersection

Part = tuple[int, int, int, int]  # left, top, right, bottom
# Neighbours share so much of a tile: who is cut by the edge of one is whole in the other, if no wider.
_OVERLAP = 0.2
# From so many shares of the lesser box on, it lies within the better one.
_WITHIN = 0.75
_SAME_FROM = 0.5
# So many times closer are the tiles of a thorough look, and the second ones of a crowd, which so many as sure as this
# are. Who stands in one hides others, and has to be larger to be found.
_CLOSER = 2
_CROWD, _SURE = 18, 0.3
# Of a crowd's tiles so many are looked at, those first in which most are lower than this share of the tile.
_MOST_CLOSER, _SMALL = 10, 0.25


@dataclass(frozen=True)
class Sight:
    """What a network sees well: things from `least_px` high in its input, whose longer side is `side` pixels.

    A network that squeezes its pictures into a square sees none much wider than high: `widest` times.
    """

    side: int
    least_px: int
    widest: float = inf


@dataclass(frozen=True)
class Looks:
    """What a network looks at, in pixels of the picture, and what it does not, by a bound.

    Of the tiles `closer`, it looks at up to `most_closer` as well where a crowd is found.
    """

    parts: tuple[Part, ...]
    left_out: tuple[Part, ...] = ()
    closer: tuple[Part, ...] = ()
    most_closer: int = 0


def looks(size_wh: Size, sight: Sight, tiles: str, smallest_px: int, max_looks: int) -> Looks:
    """The looks at a picture of that size.

    `auto`: the whole picture, and as many tiles as it takes for a thing of `smallest_px` to be seen well; `thorough`:
    of half that height; `3x2`: columns and rows of tiles alone. In a crowd `auto` looks at some of thorough's as well.
    """
    whole, closer = ((0, 0, *size_wh),), _tiles(size_wh, sight, smallest_px / _CLOSER)
    if tiles == "auto":
        parts = whole + _tiles(size_wh, sight, smallest_px)
        more = tuple(tile for tile in closer if tile not in parts)
        return Looks(parts[:max_looks], parts[max_looks:], more, min(_MOST_CLOSER, max(0, max_looks - len(parts))))
    parts = whole + closer if tiles == "thorough" else grid(size_wh, *_columns_rows(tiles))
    return Looks(parts[:max_looks], parts[max_looks:])


def grid(size_wh: Size, columns: int, rows: int) -> tuple[Part, ...]:
    """Overlapping tiles that cover a picture, left to right and top to bottom."""
    across, down = _spans(size_wh[0], columns), _spans(size_wh[1], rows)
    return tuple((left, top, right, bottom) for top, bottom in down for left, right in across)


def found_in(image: Image, plan: Looks, find: Callable[[Image], Boxes]) -> Boxes:
    """What `find` finds in each part, as boxes of the whole picture, each thing once."""
    seen = [_look(image, part, find) for part in plan.parts]
    found = _together(seen)
    closer = _crowded(found, plan)
    return _together([*seen, *(_look(image, part, find) for part in closer)]) if closer else found


def merged(found: Boxes, cut: np.ndarray) -> Boxes:
    """Each thing once, of boxes some of which are cut by the edge of a tile.

    A cut box within a whole one is a part of the same thing, and makes that as sure as itself. What is the same in two
    looks becomes one box between them. Of others only a lesser box is dropped, for a better one in which it lies: a
    part that is surer than the whole person must not delete the person.
    """
    scores, kept = found.scores.copy(), np.ones(len(found.scores), bool)
    whole = np.nonzero(~cut)[0]
    for at in np.nonzero(cut)[0]:
        around = whole[found.classes[whole] == found.classes[at]]
        shares = intersection(found.xyxy[at], found.xyxy[around]) / max(float(area(found.xyxy[at])), 1e-6)
        if shares.size and shares.max() >= _WITHIN:
            kept[at] = False
            into = around[shares.argmax()]
            scores[into] = max(scores[into], found.scores[at])
    return distinct(fused(found._replace(scores=scores).pick(kept), _SAME_FROM), _SAME_FROM, _WITHIN)


def _look(image: Image, part: Part, find: Callable[[Image], Boxes]) -> tuple[Boxes, np.ndarray]:
    """What is found in a part, as boxes of the whole picture, and which of them the part's edge cuts."""
    left, top, right, bottom = part
    boxes = find(image[top:bottom, left:right])
    moved = boxes._replace(xyxy=boxes.xyxy + np.array([left, top, left, top], np.float32))
    return moved, _cut(moved.xyxy, part, image.shape[1::-1])


def _together(seen: Sequence[tuple[Boxes, np.ndarray]]) -> Boxes:
    if len(seen) == 1:  # of the whole picture: nothing was seen twice
        return seen[0][0]
    columns = zip(*(boxes for boxes, _ in seen), strict=True)
    return merged(Boxes(*map(np.concatenate, columns)), np.concatenate([cut for _, cut in seen]))


def _crowded(found: Boxes, plan: Looks) -> list[Part]:
    """The closer tiles to look at: none without a crowd, else those in which most small things are, none empty."""
    if np.count_nonzero(found.scores >= _SURE) < _CROWD:
        return []
    within = {part: _heights_in(part, found.xyxy) for part in plan.closer}
    filled = [part for part, heights in within.items() if heights.size]
    filled.sort(key=lambda part: (np.count_nonzero(within[part] < _SMALL), within[part].size), reverse=True)
    return filled[: plan.most_closer]


def _heights_in(part: Part, xyxy: Floats) -> Floats:
    """The heights of boxes whose centres are within the part, as shares of its own."""
    left, top, right, bottom = part
    centres = (xyxy[:, :2] + xyxy[:, 2:]) / 2
    boxes = xyxy[np.all((centres >= (left, top)) & (centres < (right, bottom)), axis=1)]
    return (boxes[:, 3] - boxes[:, 1]) / np.float32(bottom - top)


def _cut(xyxy: Floats, part: Part, size_wh: Sequence[int]) -> np.ndarray:
    """Which boxes touch an edge of their tile that is not the picture's."""
    left, top, right, bottom = part
    near = 0.01 * np.array([right - left, bottom - top])
    inner = np.array([left > 0, top > 0, right < size_wh[0], bottom < size_wh[1]])
    begins, ends = xyxy[:, :2] <= np.array([left, top]) + near, xyxy[:, 2:] >= np.array([right, bottom]) - near
    touching = np.concatenate([begins, ends], axis=1)
    return np.asarray((touching & inner).any(axis=1))


def _tiles(size_wh: Size, sight: Sight, smallest_px: float) -> tuple[Part, ...]:
    """As many tiles as it takes for a thing of that height to be seen well; none where the whole picture will do."""
    columns, rows = _fitting(size_wh, sight.side / sight.least_px * smallest_px, sight.widest)
    return grid(size_wh, columns, rows) if columns * rows > 1 else ()


def _fitting(size_wh: Size, largest: float, widest: float) -> tuple[int, int]:
    """Columns and rows of tiles no side of which is longer than that, and no wider than so many times their height."""
    rows = _count(size_wh[1], largest)
    columns = _count(size_wh[0], min(largest, widest * _side(size_wh[1], rows)))
    if columns * rows > 1 or widest == inf:
        return columns, rows
    return (1, 2) if size_wh[1] > size_wh[0] else (2, 1)  # what is squeezed on one side


def _count(length: int, largest: float) -> int:
    """How many overlapping spans no longer than that cover a length."""
    return max(1, ceil((length / largest - _OVERLAP) / (1 - _OVERLAP)))


def _side(length: int, count: int) -> float:
    return length / (count - (count - 1) * _OVERLAP)


def _columns_rows(text: str) -> tuple[int, int]:
    columns, _, rows = text.partition("x")
    return int(columns), int(rows)


def _spans(length: int, count: int) -> list[tuple[int, int]]:
    size = _side(length, count)
    starts = (index * size * (1 - _OVERLAP) for index in range(count))
    return [(round(start), min(length, round(start + size))) for start in starts]
