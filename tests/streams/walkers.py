"""People who walk past cameras, as records with detections: one kilobyte each, since nobody looks at the picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from functions import Detection, Frame
from functions.core.frame import XYXY
from streams.wire import records

SIZE_WH = (640, 480)
BEGAN_AT = 1_700_000_000_000_000 // 3_600_000_000 * 3_600_000_000  # a full hour, UTC
SECOND = 1_000_000
# Pixels are centimetres, and the second camera stands three metres to the right of the first.
GROUND = {"left": 0.0, "right": 3.0}
_PICTURE = cv2.imencode(".jpg", np.zeros((SIZE_WH[1], SIZE_WH[0], 3), np.uint8))[1].tobytes()


@dataclass(frozen=True)
class Walker:
    """Somebody who walks along x (metres) at `speed` from `starts_s` on, at a distance that `y` (pixels) says."""

    starts_s: float
    y: float
    x: float = 0.0
    speed: float = 1.5
    lasts_s: float = 10.0

    def box(self, at_s: float, camera_x: float) -> XYXY | None:
        """Where a camera at that x sees them, None where it does not."""
        x = 100 * (self.x + self.speed * (at_s - self.starts_s) - camera_x)
        here = self.starts_s <= at_s <= self.starts_s + self.lasts_s and 20 < x < SIZE_WH[0] - 20
        return (x - 15, self.y - 80, x + 15, self.y) if here else None


def frames(
    walkers: Sequence[Walker], seconds: float, source: str = "left", every_s: float = 0.2, run: str = "0123456789ab"
) -> Iterator[Frame]:
    """What a camera sees, from BEGAN_AT on."""
    for seq in range(round(seconds / every_s)):
        boxes = (walker.box(seq * every_s, GROUND.get(source, 0.0)) for walker in walkers)
        frame = replace(Frame.from_jpeg(_PICTURE, source), id=f"{run}-{seq}", seq=seq, live=False)
        at = BEGAN_AT + round(seq * every_s * SECOND)
        yield replace(frame, captured_at=at, detections=tuple(Detection("person", 0.9, box) for box in boxes if box))


def pairs(frames: Iterable[Frame]) -> list[tuple[str, bytes]]:
    """Key and value of each frame on the bus."""
    return [(frame.source, records.encode(records.from_frame(frame))) for frame in frames]


def homography(source: str) -> tuple[tuple[float, float, float], ...]:
    """From shares of a camera's picture to the metres of the ground."""
    width, height = SIZE_WH
    return (0.01 * width, 0.0, GROUND[source]), (0.0, 0.01 * height, 0.0), (0.0, 0.0, 1.0)
