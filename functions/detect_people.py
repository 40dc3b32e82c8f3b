"""Find people with a small learned detector that comes in a package and needs neither TensorFlow nor a download."""

from __future__ import annotations

from functools import partial

from functions.core.frame import Frame
from functions.core.options import Confidence, DeviceName, MaxLooks, Smallest, Tiles
from functions.core.registry import function
from functions.geometry.tiles import found_in, looks
from functions.models.ssdlite import SIGHT, person_net


@function(labels=lambda **_: ("person",), ready=lambda *, device, **_: person_net(device))
def detect_people(
    frame: Frame,
    *,
    minimum_confidence: Confidence = 0.1,
    tiles: Tiles = "auto",
    smallest_px: Smallest = 48,
    max_looks: MaxLooks = 32,
    device: DeviceName = "CPU",
) -> Frame:
    """Find people (SSDLite)."""
    look = partial(person_net(device).find, minimum_confidence=minimum_confidence)
    plan = looks(frame.size_wh, SIGHT, tiles, smallest_px, max_looks)
    found = found_in(frame.image, plan, look).detections(("person",))
    return frame.with_unseen(plan.left_out).with_detections([*frame.detections, *found])
