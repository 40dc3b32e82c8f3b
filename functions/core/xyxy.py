"""Boxes as `xyxy` (left, top, right, bottom in pixels), and what becomes of them where a picture changes its size."""

from __future__ import annotations

XYXY = tuple[float, float, float, float]
Size = tuple[int, int]  # width and height

# A scaled picture's sides are rounded, or made even for the encoder: pixels by which one of them may differ.
_ROUNDED_BY = 2


def clipped(xyxy: XYXY, size_wh: Size) -> XYXY:
    """A box clipped to a picture of that size."""
    x1, y1, x2, y2 = (float(value) for value in xyxy)
    width, height = size_wh
    x1, x2 = min(max(x1, 0.0), width), min(max(x2, 0.0), width)
    y1, y2 = min(max(y1, 0.0), height), min(max(y2, 0.0), height)
    return x1, y1, max(x1, x2), max(y1, y2)


def scaled(xyxy: XYXY, from_wh: Size, to_wh: Size) -> XYXY:
    """A box of a picture of one size, in pixels of the same picture in another size."""
    across, down = to_wh[0] / from_wh[0], to_wh[1] / from_wh[1]
    x1, y1, x2, y2 = xyxy
    return x1 * across, y1 * down, x2 * across, y2 * down


def same_shape(one_wh: Size, other_wh: Size) -> bool:
    """Whether one of two sizes is the other scaled, give or take the pixel that rounding costs."""
    (width, height), (other_width, other_height) = one_wh, other_wh
    return abs(width * other_height - height * other_width) <= _ROUNDED_BY * max(*one_wh, *other_wh)
