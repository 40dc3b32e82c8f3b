"""One line of time for the stamps of a video, whatever they do: it never goes back and never stands still for long."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

# A longer gap is no gap of the scene but another clock, as FFmpeg has it too (`dts_delta_threshold`), unless frames
# come that slowly.
_LONGEST_GAP_S, _LONGEST_GAP_FRAMES = 10.0, 10
_SLOWEST_S = 3600.0
_USUAL_RATE = Fraction(25)


class Timeline:
    """Seconds after the first frame. A stamp that jumps back or far ahead, or is missing, is one frame's step.

    `furthest_s` is the latest stamp as it is. A jump is said, the first of many.
    """

    def __init__(self, stream: Any, say: Callable[[str], None]) -> None:
        self._step_s = 1 / float(stream.guessed_rate or stream.average_rate or _USUAL_RATE)
        self._longest_gap_s = max(_LONGEST_GAP_S, _LONGEST_GAP_FRAMES / float(stream.base_rate or _USUAL_RATE))
        self._say = say
        self._stamp_s: float | None = None
        self._at_s = 0.0
        self.furthest_s = 0.0
        self._gap_s: float | None = None
        self.jumps = 0

    def at_s(self, stamped: Any) -> float:
        """When the next frame or packet is shown."""
        stamp_s = None if stamped.pts is None or stamped.time_base is None else float(stamped.pts * stamped.time_base)
        self.furthest_s = max(self.furthest_s, stamp_s or 0.0)
        if self._stamp_s is None:
            self._stamp_s = stamp_s or 0.0
            return self._at_s
        self._at_s += self._after(self._stamp_s, stamp_s)
        self._stamp_s = self._stamp_s + self._step_s if stamp_s is None else stamp_s
        return self._at_s

    def _after(self, last_s: float, stamp_s: float | None) -> float:
        """How long after the last frame this one is shown."""
        gap_s = None if stamp_s is None else stamp_s - last_s
        last_gap_s, self._gap_s = self._gap_s, gap_s
        if gap_s is None or gap_s == last_gap_s == 0:
            return self._step_s
        if gap_s < 0 or (gap_s > self._longest_gap_s and not self._is_slow(last_gap_s, gap_s)):
            self._jump(gap_s)
            return self._step_s
        if 0 < gap_s <= self._longest_gap_s:
            self._step_s = gap_s
        return gap_s

    def _is_slow(self, last_gap_s: float | None, gap_s: float) -> bool:
        """Whether long gaps are the rate of a camera that takes a picture now and then: two in a row are."""
        return last_gap_s is not None and self._longest_gap_s < last_gap_s and gap_s < _SLOWEST_S

    def _jump(self, gap_s: float) -> None:
        self.jumps += 1
        if self.jumps == 1:
            where = "ahead" if gap_s > 0 else "back"
            self._say(
                f"time stamps jump {where} by {abs(gap_s):.1f} s at {self._at_s:.1f} s: taken as one frame's step, as "
                "further jumps are"
            )
