"""Stamps of a result: those of the source as they are, where an encoder can take them."""

from __future__ import annotations

from fractions import Fraction


class Stamps:
    """Gives each frame its stamp in units of `unit` seconds: its own, made to rise where it does not.

    `mended` counts those that could not stay: missing, repeated, or back in time.
    """

    def __init__(self, time_base: Fraction, rate: Fraction) -> None:
        self.unit = Fraction(1, time_base.denominator)
        self._times = time_base.numerator
        self._step = max(1, round(1 / (rate * self.unit)))
        self._last: int | None = None
        self._offset = 0
        self.mended = 0

    def of(self, pts: int | None) -> int:
        """The stamp of the next frame."""
        stamp = None if pts is None else pts * self._times + self._offset
        if self._last is None:
            stamp = stamp or 0
        elif stamp is None or stamp <= self._last:
            stamp = self._made(self._last, stamp)
        self._last = stamp
        return stamp

    def _made(self, last: int, stamp: int | None) -> int:
        """The next that rises, for a repeated one; else a frame's step on, as all that follow a jump are moved."""
        self.mended += 1
        if stamp is not None and last - stamp <= self._step:
            return last + 1
        made = last + self._step
        self._offset += 0 if stamp is None else made - stamp
        return made
