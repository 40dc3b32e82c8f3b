"""Find faces with a learned detector that comes in a package and needs no download."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated

from msgspec import Meta

from functions.core.frame import XYXY, Detection, Frame
from functions.core.options import Confidence, DeviceName, MaxLooks, Smallest, Tiles
from functions.core.registry import function
from functions.geometry.tiles import found_in, looks
from functions.models.centerface import SIGHT, face_net

Heads = Annotated[bool, Meta(description="Take the head of a person, found before, in whom no face is found for one")]


@function(labels=lambda **_: ("face",), ready=lambda *, device, **_: face_net(device))
def detect_faces(
    frame: Frame,
    *,
    minimum_confidence: Confidence = 0.3,
    tiles: Tiles = "auto",
    smallest_px: Smallest = 24,
    max_looks: MaxLooks = 32,
    heads: Heads = False,
    device: DeviceName = "CPU",
) -> Frame:
    """Find faces (CenterFace)."""
    look = partial(face_net(device).find, minimum_confidence=minimum_confidence)
    plan = looks(frame.size_wh, SIGHT, tiles, smallest_px, max_looks)
    found = found_in(frame.image, plan, look).detections(("face",))
    people = [each for each in frame.detections if each.label == "person"] if heads else []
    faces = [*found, *_faceless(people, found)]
    return frame.with_unseen(plan.left_out).with_detections([*frame.detections, *faces])


def _faceless(people: Sequence[Detection], faces: Sequence[Detection]) -> Iterator[Detection]:
    """The heads of those in whose head no face has its centre."""
    for person in people:
        head = _head(person.xyxy)
        if not any(_is_in(face.xyxy, head) for face in faces):
            yield Detection("face", person.confidence, head)


def _head(xyxy: XYXY) -> XYXY:
    """The upper quarter of who stands; more of who is wide for their height, and so is seen in part or sits."""
    x1, y1, x2, y2 = xyxy
    return x1, y1, x2, min(y2, y1 + max((y2 - y1) / 4, (x2 - x1) / 2))


def _is_in(face: XYXY, head: XYXY) -> bool:
    x, y = (face[0] + face[2]) / 2, (face[1] + face[3]) / 2
    return head[0] <= x <= head[2] and head[1] <= y <= head[3]
