"""The witness of motion: the background model while the camera stands, laid-over pictures while it moves.

It tells by itself which: a camera that stands moves its points by less than a tenth of a pixel a picture.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from functions.core.jpeg import Image
from functions.geometry.masks import Mask, enlarged
from functions.motion.alignment import QUICKLY, Alignment, small_grey, step_between
from functions.motion.background import BackgroundModel

# Not a doubt that covers all: who stands still is not told from the street while it does.
MOVING = "the camera moves"
MOVES_UNKNOWN = "the camera moves, and what else does cannot be told"

# In pixels of a picture of 320: cameras that stand stay below .1, those that are carried or turned are above .5.
_STANDS, _TURNED = 0.25, 0.6
# Of so many steps most say that it moves; all of twice as many say that it stands again.
_STEPS = 5
# Pictures after which one that stood is looked at again: a slow pan stays below what a single step shows.
_CHECK = 10


class MotionWitness:
    """Whether the camera of one source moves, and what moves in front of it, picture by picture."""

    def __init__(self) -> None:
        self._background, self._alignment = BackgroundModel(), Alignment()
        self._steps: deque[float | None] = deque(maxlen=2 * _STEPS)
        self._moves = self._knows = False
        self._seen = 0
        self._checked: NDArray[np.uint8] | None = None

    def motion_mask(self, image: Image) -> tuple[Mask | None, str | None]:
        """255 where the image moves, with a margin, or None; and the doubt: `MOVING`, or why all is to be covered."""
        if self._moves:
            return self._while_it_moves(image)
        moving, unsure = self._background.motion_mask(image)
        turned = self._knows and moving is not None and self._turned(image)
        if moving is not None and not turned:
            self._knows = True
            return moving, None
        if self._knows:  # it stood until now
            self._begin(BackgroundModel() if turned else self._background)
        self._take_step(image)
        last = list(self._steps)[-_STEPS:]
        if len(last) == _STEPS and sum(step is not None and step > _STANDS for step in last) > _STEPS // 2:
            self._moves = True
            return self._aligned(image)
        return None, unsure or MOVES_UNKNOWN

    def _while_it_moves(self, image: Image) -> tuple[Mask | None, str | None]:
        self._take_step(image)
        stands = [step is not None and step <= _STANDS for step in self._steps]
        if not all(stands[-_STEPS:]):
            self._background = BackgroundModel()
            return self._aligned(image)
        standing, _ = self._background.motion_mask(image)
        if standing is not None and all(stands):
            self._moves, self._knows = False, True
            self._seen, self._checked = 0, None
        moving, doubt = self._aligned(image)
        return moving if moving is None or standing is None else moving | standing, doubt

    def _take_step(self, image: Image) -> None:
        step = self._alignment.add(image)
        self._steps.append(None if step is None else step.pixels)

    def _aligned(self, image: Image) -> tuple[Mask | None, str | None]:
        moving = self._alignment.motion_mask()
        if moving is None:
            return None, MOVES_UNKNOWN
        size_wh = image.shape[1], image.shape[0]
        return enlarged(moving, size_wh), MOVING

    def _turned(self, image: Image) -> bool:
        """Whether a camera that stood does not lie where it did some pictures ago."""
        self._seen += 1
        if self._seen % _CHECK:
            return False
        before, self._checked = self._checked, small_grey(image)
        if before is None or before.shape != self._checked.shape:
            return False
        step = step_between(before, self._checked, QUICKLY)
        return step is not None and step.pixels > _TURNED

    def _begin(self, background: BackgroundModel) -> None:
        self._background, self._alignment = background, Alignment()
        self._steps.clear()
        self._knows, self._seen, self._checked = False, 0, None
