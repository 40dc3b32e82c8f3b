"""Hide what must not be seen: the chosen labels are covered, and nothing of them is left in the picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Annotated, Literal

import cv2
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from functions.frame import XYXY, Detection, Frame, Redaction
from functions.jpeg import Image
from functions.registry import function

Labels = Annotated[tuple[str, ...], Meta(min_length=1, description="What to hide, whatever its case")]
Style = Annotated[Literal["black"], Meta(description="What is shown in its place")]
Padding = Annotated[float, Meta(ge=0, le=2, description="Cover so much more on each side, as a share of the box")]
Confidence = Annotated[float, Meta(ge=0, le=1, description="Leave uncovered what is less sure than this")]

# What is shown in place of the picture, where it is covered.
_STYLES: dict[str, Callable[[Image], Image]] = {"black": np.zeros_like}


@function(redacts=True)
def redact(
    frame: Frame,
    *,
    labels: Labels = ("person",),
    style: Style = "black",
    padding: Padding = 0.1,
    minimum_confidence: Confidence = 0.0,
) -> Frame:
    """Cover the chosen labels, by default people."""
    wanted = {label.strip().casefold() for label in labels}
    marked = [_marked(found, wanted, minimum_confidence) for found in frame.detections]
    mask = _mask(frame.size_wh, [_padded(found.xyxy, padding) for found in marked if found.hidden])
    # A new image even where nothing is covered: the bytes that came may carry a thumbnail of what was there before.
    image = cv2.copyTo(_STYLES[style](frame.image), mask, frame.image.copy()).astype(np.uint8, copy=False)
    covered = cv2.countNonZero(mask) / mask.size
    redacted = frame.with_image(image).with_detections(marked)
    return replace(redacted, redaction=_redaction(frame.redaction, labels, style, covered))


def _marked(found: Detection, wanted: set[str], minimum_confidence: float) -> Detection:
    """The same, hidden if it is wanted; what an earlier redactor hid is covered again."""
    chosen = found.label.strip().casefold() in wanted and found.confidence >= minimum_confidence
    return replace(found, hidden=found.hidden or chosen)


def _padded(xyxy: XYXY, padding: float) -> XYXY:
    x1, y1, x2, y2 = xyxy
    across, down = padding * (x2 - x1), padding * (y2 - y1)
    return x1 - across, y1 - down, x2 + across, y2 + down


def _mask(size_wh: tuple[int, int], boxes: Iterable[XYXY]) -> NDArray[np.uint8]:
    """255 where a box touches a pixel, 0 elsewhere."""
    mask = np.zeros(size_wh[::-1], np.uint8)
    for x1, y1, x2, y2 in boxes:
        mask[max(0, math.floor(y1)) : max(0, math.ceil(y2)), max(0, math.floor(x1)) : max(0, math.ceil(x2))] = 255
    return mask


def _redaction(earlier: Redaction | None, labels: tuple[str, ...], style: str, covered: float) -> Redaction:
    """What was done, with the labels and the doubt of a redactor before this one."""
    if earlier is None:
        return Redaction(labels, style, covered)
    return Redaction(tuple(dict.fromkeys((*earlier.labels, *labels))), style, covered, earlier.doubt)
