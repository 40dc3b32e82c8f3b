"""Is the camera all right? Whether its pictures are dark or covered, or always the same."""

from __future__ import annotations

from collections import deque
from typing import Literal

import numpy as np
import simplejpeg
from numpy.typing import NDArray

Health = Literal["running", "dark", "frozen"]
# Looked at so often, since it costs a decode; in grey and no larger than that.
LOOK_EVERY_S = 0.4
_LEAST_SIDE = 240
# Dark: nearly nothing is brighter than that, of 255. Covered: all is nearly of one shade.
_DARK, _ONE_SHADE = 40.0, 5.0
# Frozen: in so many looks shades never differ, on average and nearly everywhere, by more than a video encoder's key
# frames make of one picture, and in a third of them by next to nothing, as the frames between do.
_LOOKS, _ALIKE, _SAME = 6, (2.5, 16.0), (0.2, 6.0)
# What holds for so long is believed, and what does not hold any more after the second time.
_BELIEVED_AFTER_S = 3.0
_NOT_ANY_MORE = 2


class PictureHealth:
    """What the pictures of one source show, with hysteresis."""

    def __init__(self) -> None:
        self.state: Health = "running"
        self._looked_at_s = -LOOK_EVERY_S
        self._last: NDArray[np.int16] | None = None
        self._alike: deque[tuple[bool, bool]] = deque(maxlen=_LOOKS)
        self._dark, self._frozen = _Held(_BELIEVED_AFTER_S), _Held(0.0)

    def look(self, jpeg: bytes, now_s: float) -> None:
        """Take a picture into account; most are not looked at."""
        if now_s - self._looked_at_s < LOOK_EVERY_S:
            return
        self._looked_at_s = now_s
        grey = _grey(jpeg)
        dark = _is_dark(grey)
        self._dark.see(dark, now_s)
        self._alike.append((_is_same(grey, self._last, *_ALIKE), _is_same(grey, self._last, *_SAME)))
        self._last = grey
        alike, same = (sum(seen) for seen in zip(*self._alike, strict=True))
        self._frozen.see(alike == _LOOKS and 3 * same >= _LOOKS and not dark, now_s)
        self.state = "dark" if self._dark.holds else "frozen" if self._frozen.holds else "running"


class _Held:
    """A fact that is believed once it was seen for some seconds, and until it is not seen twice."""

    def __init__(self, believed_after_s: float) -> None:
        self.holds, self._believed_after_s = False, believed_after_s
        self._since_s: float | None = None
        self._not_seen = 0

    def see(self, seen: bool, now_s: float) -> None:
        self._not_seen = 0 if seen else self._not_seen + 1
        if not seen and (not self.holds or self._not_seen >= _NOT_ANY_MORE):
            self.holds, self._since_s = False, None
        elif seen:
            self._since_s = now_s if self._since_s is None else self._since_s
            self.holds = self.holds or now_s - self._since_s >= self._believed_after_s


def _grey(jpeg: bytes) -> NDArray[np.int16]:
    shades = simplejpeg.decode_jpeg(jpeg, "GRAY", min_height=_LEAST_SIDE, min_width=_LEAST_SIDE, min_factor=1)
    return np.asarray(shades[:, :, 0], np.int16)


def _is_dark(grey: NDArray[np.int16]) -> bool:
    return bool(np.percentile(grey, 98) < _DARK or grey.std() < _ONE_SHADE)


def _is_same(grey: NDArray[np.int16], before: NDArray[np.int16] | None, mean: float, almost_all: float) -> bool:
    if before is None or grey.shape != before.shape:
        return False
    apart = np.abs(grey - before)
    return bool(apart.mean() <= mean and np.percentile(apart, 99.9) <= almost_all)
