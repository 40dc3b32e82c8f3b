"""The shape of a source's pictures: zones, and boxes of other frames, mean nothing in a picture of another shape."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from functions.core.frame import Size
from functions.core.xyxy import same_shape

ANOTHER_SHAPE = "the picture has another shape than before"
NOT_AS_DRAWN = "zones were drawn on a picture of another shape"
# A change is a doubt for so many frames, and for as long as boxes are held.
_FRAMES = 5
_MOST = 1024


class PictureShape:
    """The shape of the last picture of one source, and whether a change of it is too recent to show anything."""

    def __init__(self) -> None:
        self._size_wh: Size | None = None
        self._frames, self._until = 0, 0

    def doubt(self, size_wh: Size, at: int, hold_s: float) -> str | None:
        """Why nothing of this frame (`at` in µs) may be shown, None where its shape is known for long enough."""
        if self._size_wh and not same_shape(self._size_wh, size_wh):
            self._frames, self._until = _FRAMES, at + round(hold_s * 1e6)
        self._size_wh = size_wh
        self._frames -= 1
        return ANOTHER_SHAPE if self._frames >= 0 or at < self._until else None


class _DrawnOn:
    """The shape on which the zones of each source were first drawn by this process.

    It outlives what is remembered of a source's run: that is thrown away after an error, and the zones would then be
    believed on whatever picture comes next.
    """

    def __init__(self) -> None:
        self._sizes: OrderedDict[tuple[str, tuple[str, ...]], Size] = OrderedDict()
        self._lock = Lock()

    def doubt(self, source: str, zones: tuple[str, ...], size_wh: Size) -> str | None:
        """Why these zones cannot be drawn on a picture of that size, None where they can."""
        with self._lock:
            first = self._sizes.setdefault((source, zones), size_wh)
            if len(self._sizes) > _MOST:
                self._sizes.popitem(last=False)
        return None if same_shape(first, size_wh) else NOT_AS_DRAWN


drawn_on = _DrawnOn()
