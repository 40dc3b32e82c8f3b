"""What of true people shows in frames of which black means covered: the arithmetic is that of `imagebus verify`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from functions import Frame
from functions.core.jpeg import Image
from streams.verify import exposure
from streams.verify.truth import Box

# Shares 0 to 1 and times in seconds, by their names.
Figures = Mapping[str, float]
FIGURES = (*exposure.Exposure._fields, "fps", "delay_s")


@dataclass(frozen=True)
class Cover(exposure.Cover):
    """One redacted frame, with its picture where somebody is not covered nearly wholly."""

    worst: Image | None


def covers(frame: Frame, people: Mapping[str, Box]) -> Cover:
    """What black covers of the people in a frame that has no other black; a box outside the picture counts not."""
    found = exposure.cover_of(frame.seq, (frame.image == 0).all(axis=2), people)
    return Cover(**vars(found), worst=frame.image if found.least < 0.9 else None)


def figures_of(found: Sequence[Cover], step_s: float, fps: float, delay_s: float) -> Figures:
    """All frames together."""
    return dict(zip(FIGURES, (*exposure.exposure_of(found, step_s), round(fps, 1), delay_s), strict=True))
