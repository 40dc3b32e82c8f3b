"""Records that a stage was at when it stopped, or when its process died: at the third time each is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from streams.runtime.errors import Stopped
from streams.runtime.failures import Placed, text_of
from streams.runtime.in_flight import InFlightFile, Position
from streams.wire.records import RecordError

_TIMES = 3
_MOST = 1000


class PoisonRecords:
    """Counts for each record how often the stage stopped at it, those stops included that ended the process.

    What a process was at when it died is known from the file that it leaves in the folder of the stage (see
    InFlightFile), so by workers that share this folder: those of one host.
    """

    def __init__(self) -> None:
        self._times: dict[Position, int] = {}
        self._why: dict[Position, str] = {}
        self._at_work: InFlightFile | None = None

    def share(self, at_work: InFlightFile) -> None:
        """Write down from now on what is at work."""
        self._at_work = at_work
        self.ask_the_dead()

    def ask_the_dead(self) -> None:
        """Learn what processes were at that have died since this was last asked."""
        for position, times in self._at_work.of_the_dead() if self._at_work else ():
            self._note(position, times, "its process died")

    def refuse(self, message: Placed) -> None:
        """Raise RecordError for a record that is given up."""
        times = self._times.get(_position(message), 0)
        if times >= _TIMES:
            why = self._why[_position(message)]
            raise RecordError(f"Expected a record that leaves its stage running, got one met at {times} stops: {why}")

    @contextmanager
    def at_work(self, message: Placed) -> Iterator[None]:
        """The function is called for this record within; for a suspect, nothing else in this process meanwhile."""
        if self._at_work is None:
            yield
            return
        position = _position(message)
        with self._at_work.on(position, self._times.get(position, 0)):
            yield

    @contextmanager
    def answering_for(self, message: Placed) -> Iterator[None]:
        """Raises Stopped for whatever nobody foresaw within, and remembers at which record that was."""
        try:
            yield
        except (asyncio.CancelledError, Stopped):
            raise
        except BaseException as error:  # SystemExit, too, would end the event loop and leave the process
            why = f"nobody foresaw {text_of(error)}"
            self._note(_position(message), 1, why)
            raise Stopped(f"{message.topic}@{message.partition}/{message.offset}: {why}") from error
        self._forget(message)

    def _note(self, position: Position, times: int, why: str) -> None:
        self._times[position] = self._times.get(position, 0) + times
        self._why[position] = why
        while len(self._times) > _MOST:
            oldest = next(iter(self._times))
            del self._times[oldest], self._why[oldest]

    def _forget(self, message: Placed) -> None:
        if self._times and self._times.pop(_position(message), 0):
            del self._why[_position(message)]


def _position(message: Placed) -> Position:
    return message.topic, message.partition, message.offset
