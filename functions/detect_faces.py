"""Find faces with a learned detector that comes in a package and needs no download."""

from __future__ import annotations

from functools import partial

from functions.core.frame import Frame
from functions.core.options import Confidence, DeviceName, MaxLooks, Smallest, Tiles
from functions.core.registry import function
from functions.geometry.tiles import found_in, looks
from functions.models.centerface import SIGHT, face_net


@function(labels=lambda **_: ("face",), ready=lambda *, device, **_: face_net(device))
def detect_faces(
    frame: Frame,
    *,
    minimum_confidence: Confidence = 0.3,
    tiles: Tiles = "auto",
    smallest_px: Smallest = 24,
    max_looks: MaxLooks = 32,
    device: DeviceName = "CPU",
) -> Frame:
    """Find faces (CenterFace)."""
    look = partial(face_net(device).find, minimum_confidence=minimum_confidence)
    plan = looks(frame.size_wh, SIGHT, tiles, smallest_px, max_looks)
    found = found_in(frame.image, plan.parts, look).detections(("face",))
    return frame.with_unseen(plan.left_out).with_detections([*frame.detections, *found])
