"""Draw what was found into the picture."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from functions.core.frame import Detection, Frame
from functions.core.jpeg import Image
from functions.core.registry import function
from functions.geometry.drawing import HIDDEN, Pen, colour_of, plain

Confidence = Annotated[float, Meta(ge=0, le=1, description="Leave out what is less sure than this")]


@function
def annotate(frame: Frame, *, minimum_confidence: Confidence = 0.0) -> Frame:
    """Draw boxes and labels; what is hidden gets grey corners, what no detector looked at a grey box."""
    image = frame.image.copy()
    pen = Pen.for_image(image)
    shown = [found for found in frame.detections if found.confidence >= minimum_confidence]
    for box in frame.unseen:
        pen.box(image, box, HIDDEN)
        pen.words(image, "not looked at", box, HIDDEN)
    for found in sorted(shown, key=lambda found: found.confidence):  # the surest on top
        _draw(image, pen, found)
    return frame.with_image(image)


def _draw(image: Image, pen: Pen, found: Detection) -> None:
    colour = HIDDEN if found.hidden else colour_of(found.label)
    (pen.corners if found.hidden else pen.box)(image, found.xyxy, colour)
    track = "" if found.track is None else f" #{found.track}"
    pen.words(image, f"{plain(found.label)}{track} {found.confidence:.0%}", found.xyxy, colour)
