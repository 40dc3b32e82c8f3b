"""Evidence: whether the frame's hops show that a detector looked for all that must be hidden."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from functions.core.errors import UsageError
from functions.core.frame import XYXY, Frame, Hop
from functions.core.labels import plain
from functions.geometry.masks import Mask, pixels

# The sentences of doubts; after a colon they may name labels that were asked for, functions of the chain, and sizes.
NO_DETECTOR = "no detector among the hops"
CANNOT_FIND = "no detector among the hops that can find what is asked for"
NOT_IN_CHAIN = "a detector ran that the chain file has not; write it there, or name it in `detectors`"
OTHER_OPTIONS = (
    "a detector ran with other options than the chain file says; write them there, or name it in `detectors`"
)
UNKNOWN_LABELS = "this host cannot tell what a detector finds; name it in `detectors`"
ANOTHER_SIZE = "detections of another size than the picture's"
SENTENCES = frozenset({NO_DETECTOR, CANNOT_FIND, NOT_IN_CHAIN, OTHER_OPTIONS, UNKNOWN_LABELS, ANOTHER_SIZE})
_LONGEST = 256

_UNSURE, _MOVES = 0.2, 0.2
_UNSURE_LARGE, _LARGE, _LARGE_MOVES = 0.4, 0.4, 0.5


class Doubt(UsageError):
    """A frame is not shown: there is no evidence that a detector looked for what must be hidden."""


def doubt_of(frame: Frame, labels: Iterable[str], trusted: Collection[str]) -> str | None:
    """The reason why detections may be missing from the frame, None where the evidence suffices.

    `trusted` names functions that count as detectors of every label.
    """
    return _missing_evidence(frame.hops, labels, trusted) or _misplaced(frame)


def borne_out(xyxy: XYXY, confidence: float, moving: Mask) -> bool:
    """Whether a box is to be believed before a camera that moves, where detectors take streets for people.

    One below .2 is believed where a fifth of it moves, one below .4 that takes over two fifths of the picture where a
    half does: who stands still before a moving camera is nearer than what is behind, and moves against it.
    """
    part = moving[pixels(xyxy)]
    moves = np.count_nonzero(part) / max(1, part.size)
    large = part.size > _LARGE * moving.size
    return bool(
        moves >= (_LARGE_MOVES if large and confidence < _UNSURE_LARGE else _MOVES if confidence < _UNSURE else 0)
    )


def _missing_evidence(hops: Iterable[Hop], labels: Iterable[str], trusted: Collection[str]) -> str | None:
    if any(hop.function in trusted for hop in hops):
        return None
    findable = frozenset[str]().union(*(hop.finds for hop in hops))
    missing = [label for label in labels if plain(label) not in findable]
    if not missing:
        return None
    disbelief = next((hop.disbelief for hop in hops if hop.disbelief), None)
    cannot = f"{CANNOT_FIND}: {', '.join(missing)}" if findable else NO_DETECTOR
    return (disbelief or cannot)[:_LONGEST]


def _misplaced(frame: Frame) -> str | None:
    width, height = frame.size_wh
    for found in frame.detections:
        x1, y1, x2, y2 = found.xyxy
        if not (0 <= x1 <= x2 <= width and 0 <= y1 <= y2 <= height):  # false for NaN, too
            return f"{ANOTHER_SIZE}: {width}x{height}"
    return None
