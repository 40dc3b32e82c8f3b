"""Alignment: what moves although the camera does, found by laying earlier pictures over this one."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from functions.core.jpeg import Image
from functions.geometry.masks import Mask

Homography = NDArray[np.float64]

SIDE = 320
# Pictures back that this one is compared with: the last always, a farther one, by which slow people show, while what
# moves is no more of the picture than this.
_GAPS, _MOVES_AT_MOST = (1, 2, 4, 8, 16), 0.4
# With fewer steps behind it nothing is told: over so short a time slow people do not show.
_LEAST_STEPS = 2
# More than this cannot be a street with people: the pictures do not fit on each other.
_TOO_MUCH = 0.7
# What differs by so many times the noise moves; it is grown to whole people, whose clothes are plain, and a bit back.
_APART, _GROW, _BACK = 4.5, (25, 35), (9, 13)
# Grey levels that laid-over pictures differ by in the median; more is other light, or a picture that is not the same.
_LIGHT = 6.0
_LEAST_POINTS, _LEAST_INLIERS = 12, 0.3
# Of the cells of a grid in which something could be followed, so many must move as the camera does: a person close by
# fills some, a street fills all.
_GRID, _LEAST_CELLS = (4, 3), 0.6


class Following(NamedTuple):
    """How points are followed into the next picture: how many, in what window, and until when, in OpenCV's terms."""

    points: int
    window_wh: tuple[int, int]
    until: tuple[int, int, float]


_UNTIL = cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT
# Of a camera that moves every picture is laid over the next, as exactly as can be had. Whether one stands, the other
# tells to a fiftieth of a pixel as well, in less than half the time.
EXACTLY = Following(300, (21, 21), (_UNTIL, 30, 0.01))
QUICKLY = Following(150, (15, 15), (_UNTIL, 10, 0.03))


class Step(NamedTuple):
    """From one picture to the next: where points went, and the median way of those that agree in pixels of `SIDE`."""

    homography: Homography
    pixels: float


class Alignment:
    """The last pictures of one source, small and grey, and the steps between them."""

    def __init__(self) -> None:
        self._greys: deque[NDArray[np.uint8]] = deque(maxlen=_GAPS[-1] + 1)
        self._steps: deque[Step] = deque(maxlen=_GAPS[-1])
        self._last: Mask | None = None

    def add(self, image: Image) -> Step | None:
        """Take in the next picture; None where it cannot be laid over the last one, with which all begins anew."""
        grey = small_grey(image)
        step = step_between(self._greys[-1], grey) if self._greys and self._greys[-1].shape == grey.shape else None
        if step is None:
            self._greys.clear()
            self._steps.clear()
            self._last = None
        else:
            self._steps.append(step)
        self._greys.append(grey)
        return step

    def motion_mask(self) -> Mask | None:
        """255 where the newest picture moves, with a margin, in its small size; None while that cannot be told."""
        moving = self._moving()
        if moving is None or np.count_nonzero(moving) > _TOO_MUCH * moving.size:
            self._last = None
            return None
        # Of the last picture, too: what is found only now and then stays covered between.
        both = moving if self._last is None else moving | self._last
        self._last = moving
        return both

    def _moving(self) -> Mask | None:
        united: Mask | None = None
        if len(self._steps) < _LEAST_STEPS:
            return None
        for gap in _GAPS:
            if gap > len(self._steps) or (united is not None and _share(united) > _MOVES_AT_MOST):
                break
            apart = self._apart(gap)
            if apart is None:
                return united
            wider = apart if united is None else united | apart
            united = wider if united is None or _share(wider) <= _MOVES_AT_MOST else united
        return united

    def _apart(self, gap: int) -> Mask | None:
        """What differs from the picture so many back, grown to whole people; None in another light."""
        now, way = self._greys[-1], np.eye(3)
        for step in list(self._steps)[-gap:]:
            way = step.homography @ way
        before = cv2.warpPerspective(
            self._greys[-1 - gap], way, (now.shape[1], now.shape[0]), borderMode=cv2.BORDER_REPLICATE
        )
        # A pixel is apart from the range of its neighbours, so that an edge half a pixel off is not.
        low, high = cv2.erode(before, np.ones((3, 3), np.uint8)), cv2.dilate(before, np.ones((3, 3), np.uint8))
        apart = np.maximum(cv2.subtract(low, now), cv2.subtract(now, high))
        noise = float(np.median(apart))
        if noise > _LIGHT:
            return None
        moved: Mask = np.where(apart > _APART * max(2.0, 1.5 * noise + 2), 255, 0).astype(np.uint8)
        opened = cv2.morphologyEx(moved, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        grown = cv2.dilate(opened, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, _GROW))
        return cv2.erode(grown, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, _BACK)).astype(np.uint8, copy=False)


def small_grey(image: Image) -> NDArray[np.uint8]:
    """The picture as it is laid over others."""
    while max(image.shape[:2]) >= 2 * SIDE:
        height, width = image.shape[0] // 2, image.shape[1] // 2
        even = image[: 2 * height, : 2 * width]
        image = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    scale = min(1.0, SIDE / max(image.shape[:2]))
    size_wh = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    grey = cv2.cvtColor(cv2.resize(image, size_wh, interpolation=cv2.INTER_LINEAR), cv2.COLOR_BGR2GRAY)
    return cv2.GaussianBlur(grey, (3, 3), 0).astype(np.uint8, copy=False)


def step_between(before: NDArray[np.uint8], now: NDArray[np.uint8], follow: Following = EXACTLY) -> Step | None:
    """How the camera went from one picture to the other; None where too little of the picture says so."""
    points = cv2.goodFeaturesToTrack(before, follow.points, 0.01, 6)
    if points is None or len(points) < _LEAST_POINTS:
        return None
    moved, found, _ = cv2.calcOpticalFlowPyrLK(
        before, now, points, np.empty_like(points), winSize=follow.window_wh, maxLevel=4, criteria=follow.until
    )
    good = found[:, 0] == 1
    if np.count_nonzero(good) < _LEAST_POINTS:
        return None
    points, moved = points[good, 0], moved[good, 0]
    homography, inliers = cv2.findHomography(points, moved, cv2.RANSAC, 3.0)
    if homography is None:
        return None
    agree = inliers[:, 0] > 0
    if agree.mean() < _LEAST_INLIERS or not _all_over(points, agree, now.shape):
        return None
    # Of those alone that agree: in a crowd most points are on people.
    return Step(homography, float(np.median(np.linalg.norm((moved - points)[agree], axis=1))))


def _all_over(points: NDArray[np.float32], inliers: NDArray[np.bool_], shape: tuple[int, ...]) -> bool:
    """Whether the points that agree are all over the picture, and not on one thing in it."""
    columns, rows = _GRID
    cells = (points / (shape[1], shape[0]) * (columns, rows)).astype(int).clip(0, (columns - 1, rows - 1))
    index = cells[:, 1] * columns + cells[:, 0]
    followed = np.bincount(index, minlength=columns * rows)
    agreed = np.bincount(index[inliers], minlength=columns * rows)
    known = followed >= 3
    return bool(known.sum() >= columns and (agreed[known] >= 0.5 * followed[known]).mean() >= _LEAST_CELLS)


def _share(mask: Mask) -> float:
    return cv2.countNonZero(mask) / mask.size
