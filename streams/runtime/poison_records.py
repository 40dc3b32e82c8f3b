"""Poison records: those at which a stage has stopped, or its process has crashed, three times become dead letters.

A function may kill its process (`abort`, a fault in a native library). So each process keeps a locked file in the
stage's folder, with a slot for each thread: topic, partition, offset of the record in flight, and how often it was met.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from itertools import count
from pathlib import Path
from weakref import WeakSet

from streams.runtime.errors import Stopped, text_of
from streams.runtime.membership import left_by_dead, locked_file
from streams.wire.reading import Message
from streams.wire.records import RecordError

Position = tuple[str, int, int]
_SUFFIX = ".at-work"
_SLOT = 512  # bytes; a topic's name has 249 at most
_NOTHING = bytes(_SLOT)
_SLOTS = 256  # threads that are written down: more than a stage has
_ALONE_WITHIN_S = 5.0  # a thread that hangs is not waited for any longer


class Turnstile:
    """A shared and exclusive lock: calls run side by side, and a suspect's call alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._under_way = 0
        self._alone = 0

    @contextmanager
    def among_others(self) -> Iterator[None]:
        """Run beside other calls."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone, _ALONE_WITHIN_S)
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                if self._alone:
                    self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Run without other calls; one that takes too long is not waited for."""
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
    """This process's file in a stage's folder. Raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / f"{secrets.token_hex(8)}{_SUFFIX}"
        self._file = locked_file(self._path)
        os.posix_fallocate(self._file.fileno(), 0, _SLOTS * _SLOT)  # now: in mapped memory a full disk would be a fault
        self._mapped = mmap.mmap(self._file.fileno(), _SLOTS * _SLOT)
        _all.add(self)
        self._slots = count()
        self._own = threading.local()

    @contextmanager
    def on(self, position: Position, times: int) -> Iterator[None]:
        """Enter a record in this thread's slot while its function runs; alone, where it was met before."""
        with _process.alone() if times else _process.among_others():
            topic, partition, offset = position
            self._write(f"{times + 1} {partition} {offset} {topic}".encode().ljust(_SLOT, b"\0"))
            try:
                yield
            finally:
                self._write(_NOTHING)

    def of_the_dead(self) -> list[tuple[Position, int]]:
        """The records in flight of crashed processes, with how often each was met; removes their files."""
        found: list[tuple[Position, int]] = []
        for path in left_by_dead(self._folder, _SUFFIX):
            with suppress(OSError, ValueError):  # another process was faster, or it is none of ours
                content = path.read_bytes()
                path.unlink()
                found += _slots_of(content)
        return found

    def close(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)

    def _write(self, slot: bytes) -> None:
        if not hasattr(self._own, "at"):
            self._own.at = next(self._slots) % _SLOTS * _SLOT
        # Memory that the system keeps when the process dies: a call to it for each record would hand over the GIL.
        self._mapped[self._own.at : self._own.at + _SLOT] = slot


def leave_nothing() -> None:
    """Remove the files: the process ends on purpose."""
    for each in tuple(_all):
        each.close()


def _slots_of(content: bytes) -> Iterator[tuple[Position, int]]:
    for at in range(0, len(content), _SLOT):
        if slot := content[at : at + _SLOT].rstrip(b"\0"):
            times, partition, offset, topic = slot.decode().split(" ", 3)
            yield (topic, int(partition), int(offset)), int(times)


_TIMES = 3
_MOST = 1000


class PoisonRecords:
    """Counts the stops at each record, and crashes of processes that shared its folder (see InFlightFile)."""

    def __init__(self) -> None:
        self._known: dict[Position, tuple[int, str]] = {}  # how often it was met, and why the last time
        self._at_work: InFlightFile | None = None

    def share(self, at_work: InFlightFile) -> None:
        """Record in this file what is in flight from now on."""
        self._at_work = at_work
        self.ask_the_dead()

    def ask_the_dead(self) -> None:
        """Count what crashed processes had in flight."""
        for position, times in self._at_work.of_the_dead() if self._at_work else ():
            self._note(position, times, "its process died")

    def refuse(self, message: Message) -> None:
        """Raise RecordError for a poison record."""
        times, why = self._known.get(_position(message), (0, ""))
        if times >= _TIMES:
            raise RecordError(f"Expected a record that leaves its stage running, got one met at {times} stops: {why}")

    @contextmanager
    def at_work(self, message: Message) -> Iterator[None]:
        """Wraps the function's call for this record; a suspect's runs alone."""
        times, _ = self._known.get(_position(message), (0, ""))
        with self._at_work.on(_position(message), times) if self._at_work else nullcontext():
            yield

    @contextmanager
    def answering_for(self, message: Message) -> Iterator[None]:
        """Wraps the handling of a record: an unforeseen error within is counted, and raised as Stopped."""
        try:
            yield
        except (asyncio.CancelledError, Stopped):
            raise
        except BaseException as error:  # SystemExit, too, would end the event loop and leave the process
            why = f"nobody foresaw {text_of(error)}"
            self._note(_position(message), 1, why)
            raise Stopped(f"{message.topic}@{message.partition}/{message.offset}: {why}") from error
        self._known.pop(_position(message), None)

    def _note(self, position: Position, times: int, why: str) -> None:
        self._known[position] = self._known.get(position, (0, ""))[0] + times, why
        while len(self._known) > _MOST:
            del self._known[next(iter(self._known))]


def _position(message: Message) -> Position:
    return message.topic, message.partition, message.offset
