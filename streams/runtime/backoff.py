"""How long what fails is left alone: twice as long each time, up to a bound."""

from __future__ import annotations

import random


class Backoff:
    """Seconds between tries, from `first_s` to `most_s`."""

    def __init__(self, first_s: float, most_s: float) -> None:
        self._first_s, self._most_s = first_s, most_s
        self._next_s = first_s

    def succeeded(self) -> None:
        """Begin with the shortest again."""
        self._next_s = self._first_s

    def failed(self) -> float:
        """How long to wait now."""
        wait_s, self._next_s = self._next_s, min(2 * self._next_s, self._most_s)
        return wait_s


def jittered(wait_s: float) -> float:
    """Somewhat less, by chance, so that many do not come at once."""
    return wait_s * random.uniform(0.75, 1.0)
