"""Frames that a detector has looked at."""

from __future__ import annotations

from dataclasses import replace

from functions import Frame, Hop
from functions.core import registry
from functions.core.labels import plain


def hop(function: str = "detect_objects", **options: object) -> Hop:
    """What a stage writes of itself; by default a detector of 80 labels, which needs no model to say so.

    It is believed, as one that `imagebus try` or a chain file names.
    """
    return Hop("detect", function, "1", options, 0, 0, 0, _finds(function, options))


def looked_at(frame: Frame, function: str = "detect_objects", **options: object) -> Frame:
    """The same frame after a detector."""
    return replace(frame, hops=(*frame.hops, hop(function, **options)))


def _finds(function: str, options: dict[str, object]) -> frozenset[str]:
    spec = registry.load().get(function)
    return frozenset(map(plain, spec.findable(spec.validate(options)))) if spec else frozenset()
