"""The bounds of a folder of recordings, in days and in bytes: the oldest files of all sources go first."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path

from streams.recording import folder
from streams.recording.folder import File

DAY_S = 86_400.0
# What others removed by hand is noticed so late, before the oldest goes in its place.
_COUNT_AGAIN_S = 600.0


class Retention:
    """Keeps the files below `root` within its bounds. Raises OSError."""

    def __init__(self, root: Path, keep_days: float, keep_bytes: float) -> None:
        self._root, self._keep_days, self._keep_bytes = root, keep_days, keep_bytes
        self._oldest: deque[File] = deque()
        self.bytes = 0
        self._counted_at = 0.0
        self.count()

    def count(self) -> None:
        """Find out what is there."""
        self._oldest.clear()
        self.bytes = sum(file.bytes for name in folder.sources(self._root) for file in folder.files(self._root, name))
        self._counted_at = time.monotonic()

    def grow(self, count: int) -> None:
        """So many bytes were written: the oldest files make room for them."""
        self.bytes += count
        if self.bytes > self._keep_bytes and time.monotonic() - self._counted_at > _COUNT_AGAIN_S:
            self.count()
        while self.bytes > self._keep_bytes and self._remove_oldest(float("inf")):
            pass

    def expire(self, now_s: float) -> None:
        """Remove what is older than the bound in days, and what others wrote beyond that in bytes."""
        self.grow(0)
        while self._remove_oldest(now_s - self._keep_days * DAY_S):
            pass

    def takes(self, at_s: float, now_s: float) -> bool:
        """Whether a frame of that time is to be recorded: a clock that is days off would spoil the order of files."""
        return now_s - self._keep_days * DAY_S < at_s < now_s + DAY_S

    def _remove_oldest(self, before_s: float) -> bool:
        if not self._oldest:
            self._oldest.extend(self._files_of_the_oldest_day())
        if not self._oldest or self._oldest[0].starts_s >= before_s:
            return False
        file = self._oldest.popleft()
        self.bytes -= file.bytes
        file.remove()
        folder.remove_empty(self._root, file.folder)
        return True

    def _files_of_the_oldest_day(self) -> list[File]:
        by_day: dict[str, list[str]] = {}
        for name in folder.sources(self._root):
            if held := folder.days(self._root, name):
                by_day.setdefault(held[0], []).append(name)
        if not by_day:
            return []
        day = min(by_day)
        files = [file for name in by_day[day] for file in folder.files_of_day(self._root, name, day)]
        return sorted(files, key=lambda file: file.starts_s)
