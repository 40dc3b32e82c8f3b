"""Who is in a redacted frame: those whom its detections show, followed from frame to frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from functions.core.frame import Detection, Frame
from functions.core.labels import plain
from functions.core.xyxy import XYXY, Size
from functions.tracking import tracker
from functions.tracking.tracker import Track

# A track wants surer detections than in counting: whoever is counted and is nobody makes a bound too small, who is not
# counted makes it too large. Of the ten people of the street clip 60 random frames show 9 so, and 17 with 0.4.
_SURE, _PATIENCE_S = 0.7, 3.0
# The time of following grows with their square; who is beyond them counts only where somebody marks them.
_MOST = 64
# Of what is asked for, what stands for a person; somebody's face beside it would be the same person again.
_PERSON = ("person", "face")


class Person(Struct, frozen=True):
    """Somebody, or what was taken for somebody: the box in shares of the picture, and whose it is in other frames.

    `counts` says that the detections of some frames agree on them; others count only where somebody marks them.
    """

    xyxy: XYXY
    key: str | None = None
    counts: bool = False


class Seen(Struct, frozen=True):
    """One frame: the people in it, the least sure first, how sure that is, and how many were lost sight of."""

    people: tuple[Person, ...]
    least: float
    lost: int


@dataclass
class Follower:
    """Follows the people of one source; a track that the chain gave goes before one of its own."""

    _run: str = ""
    _seq: int = -1
    _tracks: tuple[Track, ...] = field(default=())

    def see(self, frame: Frame) -> Seen | None:
        """The people of one more redacted frame; None where it, or one after it, was seen before."""
        if frame.run != self._run:
            self._run, self._seq, self._tracks = frame.run, -1, ()
        if frame.seq <= self._seq:
            return None
        self._seq = frame.seq
        frame = frame.with_detections(sorted(_wanted(frame), key=lambda each: -each.confidence)[:_MOST])
        before = {each.id for each in self._tracks if each.missed}
        self._tracks, ids = tracker.update(self._tracks, frame, (), _SURE, _PATIENCE_S)
        sure = {each.id for each in self._tracks if each.is_confirmed}
        lost = sum(each.missed and each.id in sure - before for each in self._tracks)
        people = [_person(frame, found, ids.get(at), sure) for at, found in enumerate(frame.detections)]
        least = min((found.confidence for found in frame.detections), default=1.0)
        return Seen(tuple(reversed(people)), least, lost)


def _wanted(frame: Frame) -> Iterable[Detection]:
    labels = _labels(frame.redaction.labels if frame.redaction else ())
    return (found for found in frame.detections if plain(found.label) in labels)


def _labels(asked: Sequence[str]) -> frozenset[str]:
    labels = [plain(label) for label in asked]
    person = next((label for label in _PERSON if label in labels), None)
    return frozenset([person] if person else labels)


def _person(frame: Frame, found: Detection, ours: int | None, sure: set[int]) -> Person:
    track = found.track if found.track is not None else ours
    counts = found.track is not None or ours in sure
    return Person(_in_shares(found.xyxy, frame.size_wh), None if track is None else f"{frame.run} {track}", counts)


def _in_shares(xyxy: XYXY, size_wh: Size) -> XYXY:
    (x1, y1, x2, y2), (width, height) = xyxy, size_wh
    return x1 / width, y1 / height, x2 / width, y2 / height
