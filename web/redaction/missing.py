"""Frames of one camera that were captured and never came out redacted: dead letters, too old, or left out."""

from __future__ import annotations

from collections import OrderedDict

# Longer than any look-ahead; what comes later has been counted.
WAIT_S = 10.0
_AT_ONCE = 600


class Missing:
    """Waits for frames by their numbers; times in seconds. `counts` is whether any was captured as far as is known."""

    def __init__(self) -> None:
        self.counts = False
        self._waiting: OrderedDict[int, float] = OrderedDict()
        self._early: OrderedDict[int, None] = OrderedDict()

    def wait_for(self, seq: int, now: float) -> int:
        """A frame was captured; how many of those before it are missing since."""
        self.counts = True
        if seq not in self._early:
            self._waiting[seq] = now
        self._early.pop(seq, None)
        late = 0
        while self._waiting and (len(self._waiting) > _AT_ONCE or now - self._oldest > WAIT_S):
            self._waiting.popitem(last=False)
            late += 1
        return late

    def came(self, seq: int) -> None:
        """A frame came out; two topics are read side by side, so it may be the first that is heard of it."""
        if self._waiting.pop(seq, None) is None:
            self._early[seq] = None
            while len(self._early) > _AT_ONCE:
                self._early.popitem(last=False)

    def forget(self) -> None:
        """Wait for none of them any more."""
        self._waiting.clear()

    @property
    def _oldest(self) -> float:
        return next(iter(self._waiting.values()))
