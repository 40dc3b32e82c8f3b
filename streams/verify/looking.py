"""Where people and faces are: in the raw picture by all detectors that are there, in the redacted one by another one
than redacted it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from functions.core.errors import UsageError
from functions.core.frame import XYXY, Detection, Frame
from functions.core.jpeg import Image
from functions.core.registry import FunctionSpec
from functions.geometry.boxes import iou

PERSON, FACE = "person", "face"
# Those that find people, the more trusted first, and the confidence from which each says anything at all.
PEOPLE = {"detect_objects": 0.3, "detect_people": 0.2}
_FACES = "detect_faces"
# Surely somebody: for one detector alone, and the IoU from which two of them mean the same one. Faces have one.
_ALONE, _ONLY_ONE, _AGREE_IOU, _SURE_FACE = 0.7, 0.5, 0.4, 0.5


@dataclass(frozen=True)
class Detectors:
    """The detectors of this host; `again` is the one that looks for people in what was redacted."""

    people: tuple[FunctionSpec, ...]
    again: FunctionSpec | None
    faces: FunctionSpec | None
    independent: bool

    @property
    def labels(self) -> list[str]:
        """What is looked for."""
        return [*([PERSON] if self.people else []), *([FACE] if self.faces else [])]

    @property
    def named(self) -> str:
        """What looked, in words."""
        raw = [spec.name for spec in (*self.people, *([self.faces] if self.faces else []))]
        again = [spec.name for spec in (self.again, self.faces) if spec]
        alone = "" if self.independent or not self.again else ", which may have redacted it: no other is on this host"
        return f"raw: {', '.join(raw)}; redacted: {', '.join(again)}{alone}"

    def in_raw(self, image: Image) -> list[Detection]:
        """Whoever is surely there: by one detector that is sure, or by two that agree."""
        frame = Frame.from_image(image)
        looks = [_found(spec, frame, PEOPLE[spec.name], PERSON) for spec in self.people]
        return [*_agreed(looks), *self._faces_in(frame)]

    def in_redacted(self, image: Image) -> list[Detection]:
        """Whoever a detector still finds there."""
        frame = Frame.from_image(image)
        people = _found(self.again, frame, _ONLY_ONE, PERSON) if self.again else []
        return [*people, *self._faces_in(frame)]

    def _faces_in(self, frame: Frame) -> list[Detection]:
        return _found(self.faces, frame, _SURE_FACE, FACE) if self.faces else []


def detectors(known: dict[str, FunctionSpec], labels: Sequence[str], redacted_by: str) -> Detectors:
    """Those of this host for these labels, models loaded. Raises UsageError where there is none."""
    people = tuple(spec for name in PEOPLE if PERSON in labels and _ready(spec := known[name]))
    if PERSON in labels and not people:
        raise UsageError(f"Expected a detector of people ({', '.join(PEOPLE)}) whose model is on this host, got none")
    faces = known[_FACES] if FACE in labels else None
    if faces:
        faces.prepare(faces.validate({}))
    others = [spec for spec in people if spec.name != redacted_by]
    return Detectors(people, next(iter([*others, *people]), None), faces, bool(others))


def _ready(spec: FunctionSpec) -> bool:
    try:
        spec.prepare(spec.validate({}))
    except UsageError:
        return False
    return True


def _found(spec: FunctionSpec, frame: Frame, minimum_confidence: float, label: str) -> list[Detection]:
    labels = {"labels": (label,)} if "labels" in spec.options else {}
    options = spec.validate({"minimum_confidence": minimum_confidence, **labels})
    return [found for found in spec.call(frame, **options).detections if found.label == label]


def _agreed(looks: Sequence[Sequence[Detection]]) -> list[Detection]:
    """Of all looks, each person once, the surest box."""
    enough = _ALONE if len(looks) > 1 else _ONLY_ONE
    sure = [
        found
        for number, look in enumerate(looks)
        for found in look
        if found.confidence >= enough
        or any(_overlap(found.xyxy, (each.xyxy for each in other)) for other in (*looks[:number], *looks[number + 1 :]))
    ]
    kept: list[Detection] = []
    for found in sorted(sure, key=lambda found: -found.confidence):
        if not _overlap(found.xyxy, (each.xyxy for each in kept)):
            kept.append(found)
    return kept


def _overlap(box: XYXY, others: Iterable[XYXY]) -> bool:
    there = np.array([*others], np.float32).reshape(-1, 4)
    return bool((iou(np.array(box, np.float32), there) >= _AGREE_IOU).any())
