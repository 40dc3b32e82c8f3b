"""Shutdown on SIGINT and SIGTERM, within a time limit."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Timer


class Stop:
    """Set by the first signal, whose number it keeps; a second one ends the process at once."""

    def __init__(self) -> None:
        self.event = Event()
        self.number = 0

    def __call__(self, number: int, _: object) -> None:
        self.number = number
        self.event.set()
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def stopped_by_signals() -> Iterator[Stop]:
    """An event that Ctrl-C and SIGTERM set, until the block ends."""
    stop = Stop()
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_within(limit_s: float, end: Callable[[], object]) -> None:
    """Call `end`, which ends the process, unless it has ended by then.

    From a thread, since Faust's services catch the cancellation of asyncio's time-outs.
    """
    timer = Timer(limit_s, end)
    timer.daemon = True
    timer.start()
