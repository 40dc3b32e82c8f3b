"""Multi-object tracking: each detection gets a number that stays with its person or thing from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from msgspec import Meta

from functions.core.frame import Frame
from functions.core.registry import function
from functions.tracking import tracker
from functions.tracking.tracker import Track

Labels = Annotated[tuple[str, ...], Meta(description="What to follow, whatever its case; all where none is named")]
Sure = Annotated[float, Meta(ge=0, le=1, description="Less sure detections begin no track, but go on with one")]
PatienceS = Annotated[float, Meta(gt=0, le=60, description="Seconds without a detection after which a track has ended")]


@dataclass
class TrackState:
    """The live tracks of one source: numbers, no pixels."""

    tracks: tuple[Track, ...] = ()


@function
def track(
    frame: Frame, state: TrackState, *, labels: Labels = (), minimum_confidence: Sure = 0.4, patience_s: PatienceS = 3.0
) -> Frame:
    """Give each detection the number of its track."""
    state.tracks, ids = tracker.update(state.tracks, frame, labels, minimum_confidence, patience_s)
    return frame.with_detections(replace(found, track=ids.get(at)) for at, found in enumerate(frame.detections))
