"""One redacted frame beside the raw one that it shows: who of those in the raw one can still be seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct

from functions.core.frame import XYXY, Detection
from functions.core.jpeg import Image
from functions.geometry.boxes import iou
from streams.verify import covered
from streams.verify.exposure import Cover, cover_of
from streams.verify.looking import PERSON, Detectors
from streams.verify.structure import Shown, shown
from streams.verify.truth import Box

# From what on somebody can be seen (docs/verify.md says what was measured): a correlation of the whole, an unchanged
# share of a part, and a correlation where a detector finds them again.
_WHOLE, _PART, _FOUND_AGAIN = 0.6, 0.9, 0.45
_SAME_IOU = 0.4


class Exposed(Struct, frozen=True, kw_only=True):
    """Somebody who can be seen: frames counted from 0, the time and box of the redacted file, shares 0 to 1."""

    frame: int
    raw_frame: int
    at_s: float
    label: str
    xyxy: XYXY
    whole: float
    part: float
    why: str

    @property
    def share(self) -> float:
        """How much shows, to find the worst."""
        return max(self.whole, self.part)


class Compared(Struct, frozen=True, kw_only=True):
    """What one redacted frame shows: how many were looked for by label, who is exposed, what is covered."""

    looked_at: Mapping[str, int]
    exposed: Sequence[Exposed]
    masked: float
    likeness_db: float
    cover: Cover | None


class Place(Struct, frozen=True, kw_only=True):
    """Which frames are compared, counted from 0, and when the redacted one is shown."""

    frame: int
    raw_frame: int
    at_s: float


def compare(
    place: Place, raw: Image, redacted: Image, detectors: Detectors, truth: Mapping[str, Box] | None
) -> Compared:
    """Compare two BGR pictures of one size; `truth` are true boxes of people, where they are known."""
    again = detectors.in_redacted(redacted)
    there = _people(detectors.in_raw(raw), again, truth or {})
    judged = [(found, shows) for found in there if (shows := shown(raw, redacted, found.xyxy))]
    exposed = [
        Exposed(
            frame=place.frame,
            raw_frame=place.raw_frame,
            at_s=round(place.at_s, 3),
            label=found.label,
            xyxy=tuple(round(side, 1) for side in found.xyxy),  # type: ignore[arg-type]
            whole=round(shows.whole, 3),
            part=round(shows.part, 3),
            why=why,
        )
        for found, shows in judged
        if (why := _why(shows, _is_among(found, again)))
    ]
    labels = [found.label for found, _ in judged]
    hidden = covered.covered(raw, redacted)
    return Compared(
        looked_at={label: labels.count(label) for label in set(labels)},
        exposed=exposed,
        masked=float(hidden.mean()),
        likeness_db=covered.likeness_db(raw, redacted, hidden),
        cover=None if truth is None else cover_of(place.raw_frame, hidden, truth),
    )


def _people(raw: Sequence[Detection], again: Sequence[Detection], truth: Mapping[str, Box]) -> list[Detection]:
    """All to be looked for, each once: those found in the raw picture, those with a true box, those found again."""
    there = list(raw)
    for found in (*(Detection(PERSON, 1.0, box) for box in truth.values()), *again):
        if not _is_among(found, there):
            there.append(found)
    return there


def _is_among(found: Detection, others: Iterable[Detection]) -> bool:
    boxes = np.array([each.xyxy for each in others if each.label == found.label], np.float32).reshape(-1, 4)
    return bool((iou(np.array(found.xyxy, np.float32), boxes) >= _SAME_IOU).any())


def _why(shows: Shown, found_again: bool) -> str:
    if shows.whole >= _WHOLE:
        return "can be seen"
    if shows.part >= _PART:
        return "can be seen in part"
    return "is still found by a detector" if found_again and shows.whole >= _FOUND_AGAIN else ""
