"""What the threads of a process are at, in a file that outlives it: so that what killed it is known.

A function may take its process with it (`abort`, a fault in a native library). Each process keeps a file in the stage's
folder, locked for as long as it lives, with a slot a thread: topic, partition, offset of the record at hand and how
often it was met. A file whose lock is free is that of a dead process.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from weakref import WeakSet

Position = tuple[str, int, int]
_SUFFIX = ".at-work"
_SLOT = 512  # bytes; a topic's name has 249 at most
_NOTHING = bytes(_SLOT)
_ALONE_WITHIN_S = 5.0  # a thread that hangs is not waited for any longer


class Turnstile:
    """Lets calls pass side by side, and one that must be alone when no other is under way."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._under_way = 0
        self._alone = 0

    @contextmanager
    def among_others(self) -> Iterator[None]:
        """Within, other calls may be under way."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone, _ALONE_WITHIN_S)
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Within, no other call is under way, unless one took too long to be waited for."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone, _ALONE_WITHIN_S)
            self._alone += 1
            self._changed.wait_for(lambda: not self._under_way, _ALONE_WITHIN_S)
        try:
            yield
        finally:
            with self._changed:
                self._alone -= 1
                self._changed.notify_all()


# The stages of a process die together.
_process = Turnstile()
_all: WeakSet[InFlightFile] = WeakSet()


class InFlightFile:
    """The file of this process in a stage's folder. Raises OSError where none can be made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Under another name until it is locked, or it would pass for one of a dead process.
        begun = folder / secrets.token_hex(8)
        self._file = os.open(begun, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._path = begun.rename(begun.with_suffix(_SUFFIX))
        _all.add(self)
        self._slots = count()
        self._own = threading.local()

    @contextmanager
    def on(self, position: Position, times: int) -> Iterator[None]:
        """A function is called for the record there, which was met so many times before; alone if it was."""
        with _process.alone() if times else _process.among_others():
            topic, partition, offset = position
            self._write(f"{times + 1} {partition} {offset} {topic}".encode().ljust(_SLOT, b"\0"))
            try:
                yield
            finally:
                self._write(_NOTHING)

    def of_the_dead(self) -> list[tuple[Position, int]]:
        """Where processes were that are dead, and how often each was met; their files are gone after that."""
        found: list[tuple[Position, int]] = []
        for path in self._folder.glob(f"*{_SUFFIX}"):
            if path != self._path:
                with suppress(OSError, ValueError):  # another process was faster, or it is none of ours
                    found += _left_by_dead(path)
        return found

    def close(self) -> None:
        """The process ends in order, and leaves nothing."""
        self._path.unlink(missing_ok=True)

    def _write(self, slot: bytes) -> None:
        if not hasattr(self._own, "at"):
            self._own.at = next(self._slots) * _SLOT
        with suppress(OSError):  # a full disk costs no record
            os.pwrite(self._file, slot, self._own.at)


def leave_nothing() -> None:
    """The process ends by its own will: what it is at is not why."""
    for each in tuple(_all):
        each.close()


def _left_by_dead(path: Path) -> list[tuple[Position, int]]:
    """What a process was at, nothing while it lives."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return []
        path.unlink()
        content = file.read()
    slots = (content[at : at + _SLOT].rstrip(b"\0") for at in range(0, len(content), _SLOT))
    return [_read(slot) for slot in slots if slot]


def _read(slot: bytes) -> tuple[Position, int]:
    times, partition, offset, topic = slot.decode().split(" ", 3)
    return (topic, int(partition), int(offset)), int(times)
