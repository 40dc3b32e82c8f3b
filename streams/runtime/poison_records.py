"""Poison records: those at which a stage has stopped, or its process has crashed, three times become dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from streams.runtime.errors import Stopped, text_of
from streams.runtime.in_flight import InFlightFile, Position
from streams.wire.reading import Message
from streams.wire.records import RecordError

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
        if self._at_work is None:
            yield
            return
        position = _position(message)
        with self._at_work.on(position, self._known.get(position, (0, ""))[0]):
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
