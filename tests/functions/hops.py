"""Frames that a detector has looked at."""

from __future__ import annotations

from dataclasses import replace

from functions import Frame, Hop


def hop(function: str = "detect_objects", **options: object) -> Hop:
    """What a stage writes of itself; by default a detector of 80 labels, which needs no model to say so."""
    return Hop("detect", function, "1", options, 0, 0, 0)


def looked_at(frame: Frame, function: str = "detect_objects", **options: object) -> Frame:
    """The same frame after a detector."""
    return replace(frame, hops=(*frame.hops, hop(function, **options)))
