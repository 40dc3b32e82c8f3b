"""A producer's progress: a bar on a terminal, periodic log lines elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from types import TracebackType
from typing import Any, Self

from tqdm import tqdm

log = logging.getLogger(__name__)
# By whether the source is endless: a camera runs for weeks, and its lines go to a log.
_EVERY_S = {False: 5.0, True: 60.0}


class Progress:
    """Shows how many of `total` frames are on the bus; less often for an endless source."""

    def __init__(self, name: str, as_events: bool = False) -> None:
        self._name, self._as_events = name, as_events
        self._bar: tqdm[Any] | None = None
        self._total: int | None = None
        self._every_s = _EVERY_S[False]
        self._next_at = 0.0
        self._said = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()

    def begin(self, total: int | None, endless: bool) -> None:
        """Show from now on."""
        self._total, self._every_s = total, _EVERY_S[endless]
        self._next_at = time.monotonic() + self._every_s
        if sys.stderr.isatty() and not self._as_events:
            self._bar = tqdm(total=total, desc=self._name, unit=" frames", file=sys.stderr)

    def show(self, done: int) -> None:
        """Show the number of frames on the bus."""
        if self._bar is not None:
            self._bar.update(done - self._bar.n)
        elif done != self._said and time.monotonic() >= self._next_at:
            self._said = done
            self._next_at = time.monotonic() + self._every_s
            self.say(f"{done}{f' of {self._total}' if self._total else ''} frames on the bus")

    def say(self, text: str) -> None:
        """Write one line, above the bar where there is one, or one JSON log event."""
        if self._as_events:
            log.info("%s: %s", self._name, text, extra={"fields": {"source": self._name}})
            return
        tqdm.write(f"{self._name}: {text}", file=sys.stderr)
        sys.stderr.flush()
