"""Follow what was found from frame to frame: each detection gets a number that stays with its person or thing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct, structs

from functions.core.frame import Detection, Frame
from functions.core.labels import plain
from functions.core.registry import function
from functions.geometry.boxes import inside
from functions.tracking.assignment import pair
from functions.tracking.kalman_filter import Motion, begin

# Standard deviations within which a detection may be what was expected there: a sure one, and one that is not.
_GATE, _GATE_UNSURE = 4.0, 3.0
# Of two boxes that share so much of the smaller one, the second is no thing of its own.
_SAME_FROM = 0.6
# Who was lost at the left or right edge of the picture has left it: at once where they went that way.
_EDGE, _EDGE_S = 0.01, 1.0
# Detectors that see things everywhere must not fill the memory.
_MOST = 200
# Numbers that JavaScript holds exactly.
_BITS = 53

Labels = Annotated[tuple[str, ...], Meta(description="What to follow, whatever its case; all where none is named")]
Sure = Annotated[float, Meta(ge=0, le=1, description="Less sure detections begin no track, but go on with one")]
PatienceS = Annotated[float, Meta(gt=0, le=60, description="Seconds without a detection after which a track has ended")]


class Track(Struct, frozen=True, array_like=True):
    """One thing that is followed.

    `evidence` is the sum of how much surer its detections were than they have to be, `frames` how many there were.
    """

    id: int
    label: str
    first_at: int
    motion: Motion
    evidence: float
    frames: int = 1
    missed: bool = False


@dataclass
class Tracks:
    """What is remembered of one source: numbers only."""

    tracks: tuple[Track, ...] = ()


@function
def track(
    frame: Frame, state: Tracks, *, labels: Labels = (), minimum_confidence: Sure = 0.4, patience_s: PatienceS = 3.0
) -> Frame:
    """Give each detection the number of its track."""
    state.tracks, ids = follow(state.tracks, frame, labels, minimum_confidence, patience_s)
    return frame.with_detections(replace(found, track=ids.get(at)) for at, found in enumerate(frame.detections))


def follow(
    tracks: Sequence[Track], frame: Frame, labels: Sequence[str], minimum_confidence: float, patience_s: float
) -> tuple[tuple[Track, ...], dict[int, int]]:
    """The tracks after one more frame, and the number of the track of each detection that has one, by its index.

    Time is that of `captured_at`: frames may be few or missing. Detections are paired with where tracks are expected
    (constant speed, optimal assignment), the sure ones first, as ByteTrack does (Zhang et al., 2022).
    """
    wanted = frozenset(map(plain, labels))
    found = {at: each for at, each in enumerate(frame.detections) if not wanted or plain(each.label) in wanted}
    sure = {at: each for at, each in found.items() if each.confidence >= minimum_confidence}
    alive = [each for each in tracks if _lives(each, frame, patience_s)]
    expected = [structs.replace(each, motion=each.motion.moved(frame.captured_at)) for each in alive]
    paired = _paired(expected, sure, _GATE)
    left = [each for each in expected if each.id not in paired]
    paired |= _paired(left, {at: each for at, each in found.items() if at not in sure}, _GATE_UNSURE)
    seen = [_seen(each, found[paired[each.id]], minimum_confidence) for each in expected if each.id in paired]
    lost = [structs.replace(each, missed=True) for each in alive if each.id not in paired]
    new = _begun(frame, sure, set(paired.values()), minimum_confidence)
    ids = {at: number for number, at in paired.items()} | {at: each.id for at, each in new.items()}
    return (*seen, *new.values(), *lost)[:_MOST], ids


def _lives(track: Track, frame: Frame, patience_s: float) -> bool:
    width = frame.size_wh[0]
    left, _, right, _ = track.motion.xyxy
    seconds = (frame.captured_at - track.motion.at) / 1e6
    at_edge = left <= _EDGE * width or right >= (1 - _EDGE) * width
    gone = not 0 <= track.motion.centre[0] + track.motion.speed[0] * seconds <= width
    if track.missed and (gone or (at_edge and seconds > _EDGE_S)):
        return False
    # A clock that was set back begins anew.
    return 0 <= seconds <= patience_s


def _paired(tracks: Sequence[Track], found: dict[int, Detection], gate: float) -> dict[int, int]:
    """The index of the detection of each track that has one, by the track's number."""
    never = gate + 2 * max((each.motion.doubt for each in tracks), default=0.0) + 1.0
    costs = np.full((len(tracks), len(found)), never)
    for row, each in enumerate(tracks):
        for column, other in enumerate(found.values()):
            distance = each.motion.distance(other.xyxy) if plain(other.label) == each.label else never
            costs[row, column] = distance + each.motion.doubt if distance <= gate else never
    indices = list(found)
    return {tracks[row].id: indices[column] for row, column in pair(costs, never)}


def _seen(track: Track, found: Detection, minimum_confidence: float) -> Track:
    return structs.replace(
        track,
        motion=track.motion.seen(found.xyxy),
        evidence=track.evidence + found.confidence - minimum_confidence,
        frames=track.frames + 1,
        missed=False,
    )


def _begun(frame: Frame, sure: dict[int, Detection], taken: set[int], minimum_confidence: float) -> dict[int, Track]:
    """New tracks, of sure detections that are not a second box of something."""
    begun: dict[int, Track] = {}
    for at in sorted(sure.keys() - taken, key=lambda at: (-sure[at].confidence, at)):
        others = np.array([frame.detections[other].xyxy for other in (*taken, *begun)], np.float32).reshape(-1, 4)
        found = sure[at]
        if not np.any(inside(np.array(found.xyxy, np.float32), others) >= _SAME_FROM):
            motion = begin(frame.captured_at, found.xyxy)
            evidence = found.confidence - minimum_confidence
            begun[at] = Track(_number(frame, at), plain(found.label), frame.captured_at, motion, evidence)
    return begun


def _number(frame: Frame, at: int) -> int:
    """A number that this detection gets whoever asks, and no other of any source."""
    name = f"{frame.source}\n{frame.id}\n{at}".encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest()) >> (64 - _BITS)
