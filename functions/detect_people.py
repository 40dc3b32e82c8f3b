"""Find people with a small learned detector that comes in a package and needs neither TensorFlow nor a download."""

from __future__ import annotations

from functools import partial

from functions.core.frame import Frame
from functions.core.options import Confidence, Tiles
from functions.core.registry import function
from functions.geometry.boxes import grid_of, in_tiles
from functions.models.ssdlite import person_net


@function(labels=lambda **_: ("person",), ready=lambda **_: person_net())
def detect_people(frame: Frame, *, minimum_confidence: Confidence = 0.1, tiles: Tiles = "2x1") -> Frame:
    """Find people (SSDLite, OpenCV)."""

    look = partial(person_net().find, minimum_confidence=minimum_confidence)
    found = in_tiles(frame.image, grid_of(tiles), look)
    return frame.with_detections([*frame.detections, *found.detections(("person",))])
