"""Zones: polygons that are always covered, or ignored, in shares of the upright picture of a source, 0 to 1.

Shares, since pixels would cover another part once the picture has another size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from functions.core.errors import UsageError
from functions.core.frame import Size
from functions.geometry.masks import Mask

Polygon = Sequence[tuple[float, float]]

_VALUE = {"ignore": 0, "cover": 255}  # drawn in this order: cover wins


def zone(source: str, kind: str, polygon: Polygon) -> str:
    """A polygon in shares of the source's picture as an option's text: `SOURCE: cover x,y x,y x,y`."""
    return f"{source}: {kind} " + " ".join(f"{x:g},{y:g}" for x, y in polygon)


def in_shares(polygon: Polygon) -> Polygon:
    """The polygon itself. Raises ValueError where it is not in shares of a picture."""
    for x, y in polygon:
        if not (0 <= x <= 1 and 0 <= y <= 1):  # false for NaN, too
            raise ValueError(
                f"expected shares of the upright picture, 0 to 1, got {x:g},{y:g}; of pixels: x divided by the "
                "picture's width, y by its height, as 320,180 in 1280x720 is 0.25,0.25"
            )
    return polygon


def with_zones(mask: Mask, zones: tuple[str, ...], source: str) -> Mask:
    """The mask with that source's zones drawn in. Raises UsageError."""
    drawn = mask
    for value, polygon in _polygons(zones, source, mask.shape[::-1]):
        drawn = cv2.fillPoly(drawn.copy(), [polygon], value).astype(np.uint8, copy=False)
    return drawn


def check_zones(zones: Iterable[str]) -> None:
    """Parse all zones. Raises UsageError for the first that is malformed."""
    for text in zones:
        _read(text)


def zones_of(zones: tuple[str, ...], source: str) -> tuple[str, ...]:
    """Those of one source."""
    return _by_source(zones).get(source, ())


@lru_cache(maxsize=16)
def _by_source(zones: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for text in zones:
        found.setdefault(_read(text)[0], []).append(text)
    return {source: tuple(texts) for source, texts in found.items()}


@lru_cache(maxsize=1024)
def _polygons(zones: tuple[str, ...], source: str, size_wh: Size) -> list[tuple[int, NDArray[np.int32]]]:
    chosen = [(kind, polygon) for _, kind, polygon in map(_read, zones_of(zones, source))]
    in_pixels = [(kind, (polygon * size_wh).round().astype(np.int32)) for kind, polygon in chosen]
    ignored = [(_VALUE[kind], polygon) for kind, polygon in in_pixels if kind == "ignore"]
    covered = [(_VALUE[kind], polygon) for kind, polygon in in_pixels if kind == "cover"]
    return ignored + [(value, outline) for value, polygon in covered for outline in _outlines(polygon, size_wh)]


def _outlines(polygon: NDArray[np.int32], size_wh: Size) -> Sequence[NDArray[np.int32]]:
    """The polygon without holes: what lies between lines that cross would stay open."""
    filled = cv2.fillPoly(np.zeros(size_wh[::-1], np.uint8), [polygon], 1)
    return cv2.findContours(filled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]  # type: ignore[return-value]


def _read(text: str) -> tuple[str, str, NDArray[np.float64]]:
    source, _, rest = text.rpartition(": ")
    try:
        kind, *points = rest.split()
        polygon = np.array([[float(number) for number in point.split(",")] for point in points])
        if not source or kind not in _VALUE or polygon.shape[0] < 3 or polygon.shape[1:] != (2,):
            raise ValueError
    except ValueError:
        raise UsageError(f"Zone {text!r}: expected `SOURCE: cover x,y x,y x,y …`, or ignore, in shares") from None
    try:
        in_shares([(x, y) for x, y in polygon])
    except ValueError as error:
        raise UsageError(f"Zone {text!r}: {error}") from None
    return source, kind, polygon
