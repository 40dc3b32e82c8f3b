"""The redacted frames that show most, kept small: at most one of a second, and a dozen of a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from functions.core import jpeg
from functions.core.jpeg import Image
from streams.verify.comparison import Exposed
from streams.verify.covered import sized

_MOST = 12
_WIDTH = 360
_AMBER = (0, 159, 230)


class WorstFrame(NamedTuple):
    """A small redacted picture with the boxes of who shows in it, as JPEG; `share` is how much of the worst."""

    share: float
    exposed: Sequence[Exposed]
    jpeg: bytes


class Worst:
    """Keeps the worst frames of one file, of none where `wanted` is false: no picture is kept that nobody asked for."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._kept: dict[int, WorstFrame] = {}

    def see(self, redacted: Image, exposed: Sequence[Exposed]) -> None:
        """Take a frame in, if it is among the worst so far."""
        if not self._wanted or not exposed:
            return
        share, second = max(found.share for found in exposed), int(exposed[0].at_s)
        known = self._kept.get(second)
        if (known and known.share >= share) or (not known and self._is_full(share)):
            return
        self._kept[second] = WorstFrame(share, exposed, _drawn(redacted, exposed))
        if len(self._kept) > _MOST:
            del self._kept[min(self._kept, key=lambda at: self._kept[at].share)]

    @property
    def frames(self) -> list[WorstFrame]:
        """The worst first."""
        return sorted(self._kept.values(), key=lambda each: -each.share)

    def _is_full(self, share: float) -> bool:
        return len(self._kept) >= _MOST and share <= min(each.share for each in self._kept.values())


def _drawn(image: Image, exposed: Sequence[Exposed]) -> bytes:
    scale = min(1.0, _WIDTH / image.shape[1])
    small = sized(image, (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))).copy()
    for found in exposed:
        left, top, right, bottom = (round(side * scale) for side in found.xyxy)
        cv2.rectangle(small, (left, top), (right, bottom), _AMBER, 1)
    return jpeg.encode(np.asarray(small, np.uint8))
