"""The tracker: predicts each track with a Kalman filter, assigns detections to tracks, starts and ends tracks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from msgspec import Struct, structs

from functions.core.frame import Detection, Frame
from functions.core.labels import plain
from functions.core.xyxy import XYXY, Size
from functions.geometry.boxes import inside
from functions.tracking.assignment import assign
from functions.tracking.kalman_filter import BoxState, first_state

# Gates: standard deviations within which a detection may belong to a track; for high and for low confidence.
_GATE, _GATE_UNSURE = 4.0, 3.0
# A detection that shares this much of the smaller box with another one is a duplicate and starts no track.
_DUPLICATE_FROM = 0.6
# A track lost at the left or right edge ends early, as it most likely left: share of the width, and seconds.
_EDGE, _EDGE_S = 0.01, 1.0
# A detector that fires everywhere must not fill the memory.
_MAX_TRACKS = 200
# The height of the picture in which tracks are followed: the camera's may change.
_HEIGHT = 1000.0
# Numbers that JavaScript holds exactly.
_ID_BITS = 53
# A track is confirmed with so many frames and so much evidence.
_FRAMES, _EVIDENCE = 2, 0.5


class Track(Struct, frozen=True, array_like=True):
    """One tracked person or thing; a row of a Faust table, so the order of the fields is a format.

    `first_at` is in µs since the epoch; `evidence` is the sum over its detections of confidence minus the minimum
    confidence; `frames` is the number of frames with a detection; `missed` says that the last frame had none.
    """

    id: int
    label: str
    first_at: int
    motion: BoxState
    evidence: float
    frames: int = 1
    missed: bool = False

    @property
    def is_confirmed(self) -> bool:
        """Whether it is somebody, and not what a detector took for somebody once."""
        return self.frames >= _FRAMES and self.evidence >= _EVIDENCE

    def xyxy(self, size_wh: Size) -> XYXY:
        """Its box in pixels of the camera's picture, which has this size."""
        return _times(self.motion.xyxy, size_wh[1] / _HEIGHT)


def update(
    tracks: Sequence[Track], frame: Frame, labels: Sequence[str], minimum_confidence: float, patience_s: float
) -> tuple[tuple[Track, ...], dict[int, int]]:
    """The tracks after one more frame, and the track id of each tracked detection, by the detection's index.

    Elapsed time is that of `captured_at`, so frames may be rare or missing. Detections of high confidence are assigned
    first, then the others to the tracks still unmatched, as in ByteTrack (Zhang et al., 2022). Tracks are followed in a
    picture of one height, whatever size the camera's has by now.
    """
    wanted = frozenset(map(plain, labels))
    boxes = [replace(each, xyxy=_times(each.xyxy, _HEIGHT / frame.size_wh[1])) for each in frame.detections]
    found = {at: each for at, each in enumerate(boxes) if not wanted or plain(each.label) in wanted}
    sure = {at: each for at, each in found.items() if each.confidence >= minimum_confidence}
    alive = [each for each in tracks if _is_alive(each, frame, patience_s)]
    predicted = [structs.replace(each, motion=each.motion.predicted(frame.captured_at)) for each in alive]
    matched = _matched(predicted, sure, _GATE)
    unmatched = [each for each in predicted if each.id not in matched]
    matched |= _matched(unmatched, {at: each for at, each in found.items() if at not in sure}, _GATE_UNSURE)
    seen = [_corrected(each, found[matched[each.id]], minimum_confidence) for each in predicted if each.id in matched]
    lost = [structs.replace(each, missed=True) for each in alive if each.id not in matched]
    new = _started(frame, boxes, sure, set(matched.values()), minimum_confidence)
    ids = {at: number for number, at in matched.items()} | {at: each.id for at, each in new.items()}
    return (*seen, *new.values(), *lost)[:_MAX_TRACKS], ids


def _times(xyxy: XYXY, by: float) -> XYXY:
    x1, y1, x2, y2 = xyxy
    return x1 * by, y1 * by, x2 * by, y2 * by


def _is_alive(track: Track, frame: Frame, patience_s: float) -> bool:
    width = frame.size_wh[0] * _HEIGHT / frame.size_wh[1]
    left, _, right, _ = track.motion.xyxy
    seconds = (frame.captured_at - track.motion.at) / 1e6
    at_edge = left <= _EDGE * width or right >= (1 - _EDGE) * width
    gone = not 0 <= track.motion.centre[0] + track.motion.speed[0] * seconds <= width
    if track.missed and (gone or (at_edge and seconds > _EDGE_S)):
        return False
    # A clock that was set back ends all tracks.
    return 0 <= seconds <= patience_s


def _matched(tracks: Sequence[Track], found: dict[int, Detection], gate: float) -> dict[int, int]:
    """The index of the detection assigned to each track that gets one, by track id."""
    never = gate + 2 * max((each.motion.uncertainty for each in tracks), default=0.0) + 1.0
    costs = np.full((len(tracks), len(found)), never)
    for row, each in enumerate(tracks):
        for column, other in enumerate(found.values()):
            distance = each.motion.distance(other.xyxy) if plain(other.label) == each.label else never
            costs[row, column] = distance + each.motion.uncertainty if distance <= gate else never
    indices = list(found)
    return {tracks[row].id: indices[column] for row, column in assign(costs, never)}


def _corrected(track: Track, found: Detection, minimum_confidence: float) -> Track:
    return structs.replace(
        track,
        motion=track.motion.corrected(found.xyxy),
        evidence=track.evidence + found.confidence - minimum_confidence,
        frames=track.frames + 1,
        missed=False,
    )


def _started(
    frame: Frame, boxes: Sequence[Detection], sure: dict[int, Detection], taken: set[int], minimum_confidence: float
) -> dict[int, Track]:
    """New tracks, by the index of the detection: unassigned ones that duplicate no other."""
    started: dict[int, Track] = {}
    for at in sorted(sure.keys() - taken, key=lambda at: (-sure[at].confidence, at)):
        others = np.array([boxes[other].xyxy for other in (*taken, *started)], np.float32).reshape(-1, 4)
        found = sure[at]
        if not np.any(inside(np.array(found.xyxy, np.float32), others) >= _DUPLICATE_FROM):
            motion = first_state(frame.captured_at, found.xyxy)
            evidence = found.confidence - minimum_confidence
            started[at] = Track(_id_of(frame, at), plain(found.label), frame.captured_at, motion, evidence)
    return started


def _id_of(frame: Frame, at: int) -> int:
    """The id of a track that starts at this detection: the same in every process, unique over all sources."""
    name = f"{frame.source}\n{frame.id}\n{at}".encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest()) >> (64 - _ID_BITS)
