"""How often somebody may ask for something: some times at once, then so many a second."""

from __future__ import annotations


class Rate:
    """Gives everybody who asks a time to wait; who asks within the rate waits none. Times of time.monotonic()."""

    def __init__(self, at_once: int, per_s: float) -> None:
        self._spare_s, self._every_s = at_once / per_s, 1 / per_s
        self._due = 0.0

    def wait_s(self, now: float) -> float:
        """Take one; how long to wait before it may be done."""
        wait_s = max(0.0, self._due - now - self._spare_s)
        self._due = max(self._due, now) + self._every_s
        return wait_s
