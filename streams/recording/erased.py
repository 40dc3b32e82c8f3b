"""What was erased by hand, by source and time: a recorder refuses it when it still comes from the bus."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from streams.wire.names import safe

NAME = "erased.jsonl"


class Erased(Struct, frozen=True, kw_only=True):
    """One erasure: the folder of the source, the time in µs since the epoch (`until` is not in it), and when."""

    folder: str
    since: int
    until: int
    erased_at: int


def note(root: Path, folder: str, since: int, until: int) -> None:
    """Note an erasure on disk, before anything is removed. Raises OSError."""
    line = msgspec.json.encode(Erased(folder=folder, since=since, until=until, erased_at=time.time_ns() // 1000))
    with (root / NAME).open("ab") as file:
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read(root: Path) -> list[Erased]:
    """All that was erased here. Raises OSError."""
    found = []
    with suppress(FileNotFoundError):
        for line in (root / NAME).read_bytes().splitlines():
            with suppress(msgspec.DecodeError):
                found.append(msgspec.json.decode(line, type=Erased))
    return found


class ErasedHere:
    """What was erased in a folder of recordings, read again where it has changed."""

    def __init__(self, root: Path) -> None:
        self._root, self._seen, self._all = root, (0, 0), read(root)

    def covers(self, source: str, at: int) -> bool:
        """Whether a frame of that time (µs) may not be recorded. Raises OSError."""
        self.has_changed()
        folder = safe(source)
        return any(each.folder == folder and each.since <= at < each.until for each in self._all)

    def has_changed(self) -> bool:
        """Whether something was erased since it was last asked. Raises OSError."""
        try:
            about = (self._root / NAME).stat()
        except FileNotFoundError:
            return False
        seen = (about.st_mtime_ns, about.st_size)
        if seen == self._seen:
            return False
        self._seen, self._all = seen, read(self._root)
        return True
