"""Zones: polygons in the picture of a source that are always covered, or ignored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from functions.core.errors import UsageError
from functions.geometry.masks import Mask

Polygon = Sequence[tuple[float, float]]

FARTHEST = 100_000  # pixels from the picture's corner; OpenCV draws with whole numbers

_VALUE = {"ignore": 0, "cover": 255}  # drawn in this order: cover wins


def zone(source: str, kind: str, polygon: Polygon) -> str:
    """A polygon in pixels of the source's picture as an option's text: `SOURCE: cover x,y x,y x,y`."""
    return f"{source}: {kind} " + " ".join(f"{x:g},{y:g}" for x, y in polygon)


def with_zones(mask: Mask, zones: tuple[str, ...], source: str) -> Mask:
    """The mask with that source's zones drawn in. Raises UsageError."""
    drawn = mask
    for value, polygon in _polygons(zones, source):
        drawn = cv2.fillPoly(drawn.copy(), [polygon], value).astype(np.uint8, copy=False)
    return drawn


def check_zones(zones: Iterable[str]) -> None:
    """Parse all zones. Raises UsageError for the first that is malformed."""
    for text in zones:
        _read(text)


@lru_cache(maxsize=1024)
def _polygons(zones: tuple[str, ...], source: str) -> list[tuple[int, NDArray[np.int32]]]:
    chosen = [(kind, polygon) for name, kind, polygon in map(_read, zones) if name == source]
    return [(value, polygon) for each, value in _VALUE.items() for kind, polygon in chosen if kind == each]


def _read(text: str) -> tuple[str, str, NDArray[np.int32]]:
    source, _, rest = text.rpartition(": ")
    try:
        kind, *points = rest.split()
        polygon = np.array([[float(number) for number in point.split(",")] for point in points])
        if not source or kind not in _VALUE or polygon.shape[0] < 3 or polygon.shape[1:] != (2,):
            raise ValueError
        if not (abs(polygon) <= FARTHEST).all():  # false for NaN, too
            raise ValueError
        return source, kind, polygon.round().astype(np.int32)
    except ValueError:
        raise UsageError(f"Zone {text!r}: expected `SOURCE: cover x,y x,y x,y …`, or ignore, in pixels") from None
