"""Drop frames in which nothing moves, so that an expensive stage behind it does not run on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

from functions.core.frame import Frame
from functions.core.registry import function
from functions.detect_motion import Area, Height, MotionState, detect_motion

HoldS = Annotated[float, Meta(ge=0, le=600, description="Go on for so many seconds after the last motion")]


@dataclass
class GateState:
    """The background of one source, and when something last moved there (µs since the epoch)."""

    motion: MotionState = field(default_factory=MotionState)
    moved_at: int | None = None


@function
def gate(
    frame: Frame, state: GateState, *, height: Height = 288, minimum_area: Area = 0.0005, hold_s: HoldS = 1.0
) -> Frame | None:
    """Drop frames in which nothing moves (background subtraction)."""
    seen = detect_motion(frame.with_detections([]), state.motion, height=height, minimum_area=minimum_area)
    # The first frame shows no motion; it passes all the same, so that a source shows that it is there.
    if seen.detections or state.moved_at is None:
        state.moved_at = frame.captured_at
    return frame if abs(frame.captured_at - state.moved_at) <= hold_s * 1e6 else None
