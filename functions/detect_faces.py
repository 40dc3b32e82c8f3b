"""Find faces with a learned detector that comes in a package and needs no download."""

from __future__ import annotations

from functools import partial

from functions.core.frame import Frame
from functions.core.options import Confidence, Tiles
from functions.core.registry import function
from functions.geometry.boxes import grid_of, in_tiles
from functions.models.centerface import face_net


@function(labels=lambda **_: ("face",), ready=lambda **_: face_net())
def detect_faces(frame: Frame, *, minimum_confidence: Confidence = 0.3, tiles: Tiles = "1x1") -> Frame:
    """Find faces (CenterFace)."""
    look = partial(face_net().find, minimum_confidence=minimum_confidence)
    found = in_tiles(frame.image, grid_of(tiles), look)
    return frame.with_detections([*frame.detections, *found.detections(("face",))])
