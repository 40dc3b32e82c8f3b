"""Redaction: covers detections of the chosen labels, where they were shortly before and after, and what moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Annotated, Literal

import cv2
import numpy as np
from msgspec import Meta

from functions.core.frame import XYXY, Detection, Frame, Redaction
from functions.core.labels import plain
from functions.core.registry import function
from functions.core.xyxy import same_shape
from functions.geometry.masks import Mask, mask_of
from functions.motion.witness import MOVING, MotionWitness
from functions.redaction.evidence import Doubt, borne_out, doubt_of
from functions.redaction.fills import filled
from functions.redaction.persistence import Persistence
from functions.redaction.shape import ANOTHER_SHAPE, PictureShape, drawn_on
from functions.redaction.zones import check_zones, with_zones, zones_of

Labels = Annotated[tuple[str, ...], Meta(min_length=1, description="What to hide, whatever its case")]
Style = Annotated[Literal["solid", "pixelate", "blur"], Meta(description="What is shown in its place")]
Padding = Annotated[float, Meta(ge=0, le=2, description="Cover so much more on each side, as a share of the box")]
Confidence = Annotated[float, Meta(ge=0, le=1, description="Leave uncovered what is less sure than this")]
HoldS = Annotated[float, Meta(ge=0, le=10, description="Seconds that a box stays after its detection vanished")]
AheadS = Annotated[float, Meta(ge=0, le=2, description="Seconds that a box is there before its detection; a delay")]
Moving = Annotated[bool, Meta(description="Cover whatever moves, too; all, while that cannot be told")]
OnDoubt = Annotated[Literal["drop", "cover"], Meta(description="A frame that no detector vouches for")]
Zones = Annotated[
    tuple[str, ...], Meta(description="Always or never cover: `SOURCE: cover x,y x,y x,y`, or `ignore`; in shares")
]
Detectors = Annotated[
    tuple[str, ...],
    Meta(description="Functions to believe as detectors of all that is asked for, in the chain file or not"),
]


@dataclass
class Memory:
    """The tracklets, the background and the picture's shape of one source."""

    persistence: Persistence = field(default_factory=Persistence)
    witness: MotionWitness = field(default_factory=MotionWitness)
    shape: PictureShape = field(default_factory=PictureShape)

    def learn(self, frame: Frame) -> bool:
        """See a frame of a recording before its first one comes: whether the witness knows by now what stands."""
        return self.witness.motion_mask(frame.image)[1] is None


@function(
    redacts=True,
    look_ahead_s=2.0,
    ready=lambda *, zones, **_: check_zones(zones),
    learns=lambda *, motion, **_: motion,
)
def redact(
    frame: Frame,
    state: Memory,
    ahead: Sequence[Frame],
    *,
    labels: Labels = ("person",),
    style: Style = "solid",
    padding: Padding = 0.05,
    minimum_confidence: Confidence = 0.1,
    hold_s: HoldS = 0.3,
    look_ahead_s: AheadS = 0.3,
    motion: Moving = True,
    on_doubt: OnDoubt = "drop",
    detectors: Detectors = (),
    zones: Zones = (),
) -> Frame:
    """Cover the chosen labels, by default people."""
    doubt = doubt_of(frame, labels, detectors)
    if doubt and on_doubt == "drop":
        raise Doubt(f"Frame {frame.seq} of {frame.source} is not shown: {doubt}")
    wanted = partial(_is_wanted, frozenset(map(plain, labels)), minimum_confidence)
    moving, unsure = state.witness.motion_mask(frame.image) if motion else (None, None)
    for each in (frame, *ahead):
        state.persistence.add(each, wanted, hold_s + look_ahead_s)
    believed = partial(borne_out, moving=moving) if unsure == MOVING and moving is not None else _always
    marked = [_marked(found, wanted(found), believed) for found in frame.detections]
    boxes = [*frame.unseen, *(found.xyxy for found in marked if found.hidden)]
    # Where something moves says nothing of who was lost there before the camera turned.
    held = state.persistence.boxes(frame, hold_s, look_ahead_s, None if unsure == MOVING else moving)
    boxes += [box for box, confidence in held if believed(box, confidence)]
    mask = mask_of(frame.size_wh, (_padded(box, padding) for box in boxes))
    mask = with_zones(mask if moving is None else mask | moving, zones, frame.source)
    reshaped = _of_another_shape(frame, state, ahead, hold_s, zones)
    doubt = doubt or (None if unsure == MOVING else unsure) or reshaped
    return _covered(frame, marked, np.full_like(mask, 255) if doubt else mask, labels, style, doubt or unsure)


def _of_another_shape(
    frame: Frame, state: Memory, ahead: Sequence[Frame], hold_s: float, zones: tuple[str, ...]
) -> str | None:
    """Why boxes of other frames, or zones, may be in the wrong place of this one."""
    own = zones_of(zones, frame.source)
    changes = any(not same_shape(later.size_wh, frame.size_wh) for later in ahead)
    return (
        state.shape.doubt(frame.size_wh, frame.captured_at, hold_s)
        or (ANOTHER_SHAPE if changes else None)
        or (drawn_on.doubt(frame.source, own, frame.size_wh) if own else None)
    )


def _marked(found: Detection, wanted: bool, believed: Callable[[XYXY, float], bool]) -> Detection:
    """The detection, hidden where it is wanted and believed; what an earlier redactor hid needs no belief."""
    return replace(found, hidden=found.hidden or (wanted and believed(found.xyxy, found.confidence)))


def _always(xyxy: XYXY, confidence: float) -> bool:
    return True


def _is_wanted(labels: frozenset[str], minimum_confidence: float, found: Detection) -> bool:
    """Whether a detection is to be hidden; those that an earlier redactor hid are hidden again."""
    return found.hidden or (plain(found.label) in labels and found.confidence >= minimum_confidence)


def _padded(xyxy: XYXY, padding: float) -> XYXY:
    x1, y1, x2, y2 = xyxy
    across, down = padding * (x2 - x1), padding * (y2 - y1)
    return x1 - across, y1 - down, x2 + across, y2 + down


def _covered(
    frame: Frame, marked: Sequence[Detection], mask: Mask, labels: tuple[str, ...], style: str, doubt: str | None
) -> Frame:
    # A new image even where nothing is covered: the bytes that came may carry a thumbnail of what was there before.
    image = filled(frame.image, mask, style)
    done = Redaction(labels, style, cv2.countNonZero(mask) / mask.size, doubt)
    redacted = frame.with_image(image).with_detections(marked)
    return replace(redacted, redaction=_joined(frame.redaction, done))


def _joined(earlier: Redaction | None, done: Redaction) -> Redaction:
    """The redaction done here, with the labels and the doubt of an earlier redactor in the chain."""
    if earlier is None:
        return done
    labels = tuple(dict.fromkeys((*earlier.labels, *done.labels)))
    return replace(done, labels=labels, doubt=done.doubt or earlier.doubt)
