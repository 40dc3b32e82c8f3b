"""Counting that fails on two frames: in a process that imports this module, and says which frames it counted."""

from __future__ import annotations

import sys
from typing import Any

from functions.core.frame import Frame
from functions.counting.per_camera import count
from streams.counting import visits_app
from tests.hostile_functions import Mute


def _count(camera: Any, frame: Frame, *more: Any) -> Any:
    if frame.seq == 4:
        raise Mute
    if frame.seq == 7:
        sys.exit(1)
    print(f"counted frame {frame.seq}", flush=True)
    return count(camera, frame, *more)


visits_app.count = _count  # type: ignore[attr-defined]
