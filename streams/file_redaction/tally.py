"""What is told of a file: how much was hidden, what was doubted, who was seen, and the frames most in doubt."""

from __future__ import annotations

import heapq
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
from msgspec import Struct

from functions.core import jpeg
from functions.core.frame import Frame
from functions.counting.per_camera import Camera, Options, count

# Frames of a file in its report, and the longer side of their pictures.
_WORST, _SIDE = 8, 320
# A box of this confidence is believed; what is found with less is the less sure, the more of it there is.
_SURE = 0.4


class WorstFrame(Struct, frozen=True):
    """One of the frames most in doubt: its number, its time, why, and itself, small and redacted."""

    number: int
    at_s: float
    hidden: float
    why: str
    picture: bytes


def counted(number: int, what: str) -> str:
    """So many of a thing, in words."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


class Outcome(Struct, kw_only=True):
    """What became of one file. `failed` says why there is no result; `lost` what of the source could not be read.

    `hidden` is the mean share of the picture that is hidden, `doubts` counts the frames covered wholly by reason.
    """

    source: str
    result: str
    frames: int = 0
    seconds: float = 0.0
    hidden: float = 0.0
    doubts: dict[str, int] = {}
    people: int = 0
    sound: str = ""
    left_out: dict[str, int] = {}
    stamps_mended: int = 0
    lost: str = ""
    failed: str = ""
    took_s: float = 0.0

    @property
    def in_doubt(self) -> int:
        """Frames that were covered wholly."""
        return sum(self.doubts.values())

    @property
    def name(self) -> str:
        """The source's name without its folders."""
        return Path(self.source).name

    @property
    def notes(self) -> list[str]:
        """What else there is to say, in words."""
        left_out = ", ".join(counted(number, what) for what, number in self.left_out.items())
        return [
            *([self.sound] if self.sound else []),
            *([f"left out: {left_out}"] if left_out else []),
            *([f"{counted(self.stamps_mended, 'stamp')} mended"] if self.stamps_mended else []),
            *([f"not read: {self.lost}"] if self.lost else []),
        ]


class Tally:
    """Takes in the redacted frames of one file, in order."""

    def __init__(self, labels: tuple[str, ...]) -> None:
        self._followed = Options(labels=labels)
        self._camera, self._seen = Camera(), set[int]()
        self._hidden = 0.0
        self._worst: list[tuple[tuple[float, int], WorstFrame]] = []
        self.doubts = Counter[str]()
        self.frames = 0
        self.seconds = 0.0

    @property
    def hidden(self) -> float:
        """The mean share of the picture that is hidden."""
        return self._hidden / max(1, self.frames)

    @property
    def people(self) -> int:
        """How many were seen: visits, by their tracks, of one picture what is believed in it."""
        return len(self._seen)

    @property
    def worst(self) -> list[WorstFrame]:
        """The frames most in doubt, the worst first."""
        return [frame for _, frame in sorted(self._worst, key=lambda each: each[0], reverse=True)]

    def add(self, shown: Frame) -> None:
        """Take in the next frame."""
        self.frames += 1
        self.seconds = shown.captured_at / 1e6
        self._follow(shown)
        if shown.redaction is None:
            return
        self._hidden += shown.redaction.covered
        wholly = shown.redaction.doubt if shown.redaction.covered == 1 else None
        if wholly:
            self.doubts[wholly] += 1
        self._keep(shown, shown.redaction.doubt or "", bool(wholly))

    def _follow(self, shown: Frame) -> None:
        self._camera, _ = count(self._camera, shown, self._followed)
        self._seen.update(self._camera.visits)

    def _keep(self, shown: Frame, doubt: str, wholly: bool) -> None:
        unsure = sum(max(0.0, _SURE - found.confidence) for found in shown.detections if found.hidden)
        rank = (100.0 * wholly + 10.0 * bool(doubt) + unsure, -shown.seq)
        if rank[0] == 0 or (len(self._worst) == _WORST and rank <= self._worst[0][0]):
            return
        hidden = shown.redaction.covered if shown.redaction else 0.0
        why = doubt or "found, and hidden, with little confidence"
        frame = WorstFrame(shown.seq, shown.captured_at / 1e6, hidden, why, _small(shown))
        (heapq.heappush if len(self._worst) < _WORST else heapq.heapreplace)(self._worst, (rank, frame))


def _small(frame: Frame) -> bytes:
    height, width = frame.image.shape[:2]
    scale = min(1.0, _SIDE / max(width, height))
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))
    return jpeg.encode(cv2.resize(frame.image, size_wh, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False))
