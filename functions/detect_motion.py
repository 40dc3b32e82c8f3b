"""Find what moves, whatever it is, by background subtraction."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Annotated

import cv2
from msgspec import Meta

from functions.core.frame import XYXY, Detection, Frame
from functions.core.registry import function
from functions.core.xyxy import scaled
from functions.geometry.masks import Mask
from functions.motion.background import BackgroundModel, dilated

Height = Annotated[int, Meta(ge=48, le=2160, description="Look at the picture scaled down to this height")]
Area = Annotated[float, Meta(ge=0, le=1, description="Leave out what covers less of the picture than this share")]


@dataclass
class MotionState:
    """The background of one source."""

    background: BackgroundModel = field(default_factory=partial(BackgroundModel, quick_start=True))


@function(labels=lambda **_: ("motion",))
def detect_motion(frame: Frame, state: MotionState, *, height: Height = 288, minimum_area: Area = 0.0005) -> Frame:
    """Find what moves (background subtraction)."""
    small = frame.image_at(round(max(frame.size_wh) * min(1.0, height / frame.size_wh[1])))
    moving = state.background.foreground(small, small.shape[0])
    boxes = [] if moving is None else _boxes(_joined(moving), minimum_area)
    small_wh = frame.size_wh if moving is None else (moving.shape[1], moving.shape[0])
    found = [Detection("motion", share, scaled(box, small_wh, frame.size_wh)) for share, box in boxes]
    return frame.with_detections([*frame.detections, *found])


def _joined(moving: Mask) -> Mask:
    """Dilated, so that the parts of one walking person join."""
    reach = max(3, moving.shape[0] // 40)
    return dilated(moving, reach, reach * 3 // 4)


def _boxes(mask: Mask, minimum_area: float) -> list[tuple[float, XYXY]]:
    """Confidence (the share of the box that moves) and box of each connected part."""
    _, _, parts, _ = cv2.connectedComponentsWithStats(mask)
    return [
        (int(area) / (int(width) * int(height)), (int(x), int(y), int(x + width), int(y + height)))
        for x, y, width, height, area in parts[1:]  # the first is the background
        if width * height >= minimum_area * mask.size
    ]
