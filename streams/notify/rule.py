"""When there is an alert: a rule of the chain file over the frames of one source, with hysteresis. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np
from msgspec import Struct, structs

from functions.core.frame import Detection, Frame
from functions.core.labels import plain
from functions.redaction.zones import Polygon
from streams.chain.alerts_section import AlertConf

_S = 1_000_000
# A detector misses somebody now and then: what is not seen for less than this has not gone.
_MISS_US = _S
# After so long without a frame whatever was seen is over.
_SILENCE_US = 120 * _S


class Watch(Struct):
    """What a rule knows of one source, times in µs; `run` and `seq` are of the frame that changed it last.

    `since`: it is seen, from the frame `first` on; `told`: that was an alert; `gone_at`: it is not seen any more.
    `sent` are the messages of the last hour, by the clock of this host; `held` are alerts that were not sent, from
    `held_from` to `held_to`, the first of them that of the frame `held_first`.
    """

    partition: int
    run: str = ""
    seq: int = -1
    since: int | None = None
    first: str = ""
    told: bool = False
    gone_at: int | None = None
    sent: list[int] = []
    held: int = 0
    held_first: str = ""
    held_from: int = 0
    held_to: int = 0

    @property
    def is_idle(self) -> bool:
        """Whether it says no more than a new one would."""
        return self.since is None and not (self.told or self.sent or self.held)


@dataclass
class Seen:
    """A watch with what is of its last frame only, and is not stored."""

    watch: Watch
    frame_at: int | None = None
    seen_at: int | None = None


def count(alert: AlertConf, areas: Sequence[Polygon] | None, frame: Frame) -> int:
    """How many of the rule's label stand in one of its areas, by the middle of a box's lower edge; None: anywhere."""
    wanted = plain(alert.when.label)
    found = [each for each in frame.detections if plain(each.label) == wanted]
    if areas is None:
        return len(found)
    return sum(any(_stands_in(area, each, frame.picture.size_wh) for area in areas) for each in found)


def is_in_hours(alert: AlertConf, at: int) -> bool:
    """Whether a time (µs) is within the rule's hours."""
    if not (hours := alert.when.hours):
        return True
    now, (begin, end) = datetime.fromtimestamp(at / _S, alert.zone).time(), hours
    return begin <= now < end if begin < end else now >= begin or now < end


def see(seen: Seen, frame: Frame, holds: bool, for_us: int) -> tuple[bool, bool]:
    """Take in one frame, in which the condition holds or not: whether the watch changed, and whether it is an alert."""
    watch, at = seen.watch, frame.captured_at
    if frame.run == watch.run and frame.seq <= watch.seq:
        return False, False  # it came before
    before = structs.astuple(watch)
    if seen.frame_at is not None and not 0 <= at - seen.frame_at <= _SILENCE_US:
        _begin_anew(watch)
    seen.frame_at = at
    told_before = watch.told
    (_is_there if holds else _is_not_there)(seen, frame, for_us)
    changed = before != structs.astuple(watch)
    if changed:
        watch.run, watch.seq = frame.run, frame.seq
    return changed, watch.told and not told_before


def _is_there(seen: Seen, frame: Frame, for_us: int) -> None:
    watch, at = seen.watch, frame.captured_at
    seen.seen_at, watch.gone_at = at, None
    if watch.since is None:
        watch.since, watch.first = at, frame.id
    watch.told = watch.told or at - watch.since >= for_us


def _is_not_there(seen: Seen, frame: Frame, for_us: int) -> None:
    watch, at = seen.watch, frame.captured_at
    if watch.told:
        watch.gone_at = at if watch.gone_at is None else watch.gone_at
        if at - watch.gone_at >= max(for_us, _MISS_US):
            _begin_anew(watch)
    elif watch.since is not None:
        seen.seen_at = at if seen.seen_at is None else seen.seen_at
        if at - seen.seen_at >= _MISS_US:
            _begin_anew(watch)


def _begin_anew(watch: Watch) -> None:
    watch.since, watch.first, watch.told, watch.gone_at = None, "", False, None


def _stands_in(area: Polygon, found: Detection, size_wh: tuple[int, int]) -> bool:
    left, _, right, bottom = found.xyxy
    foot = (left + right) / 2 / size_wh[0], bottom / size_wh[1]
    return cv2.pointPolygonTest(np.array(area, np.float32), foot, measureDist=False) >= 0
