"""Playback of a recorded source: looped, in real time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Event

from streams.producer.sources import Source
from streams.video.decoding import Moment

# Later than that (a suspended host), playback goes on from now instead of catching up.
_MAX_DELAY_S = 1.0
# The duration of a source of one picture.
_SINGLE_S = 1.0


def looped(source: Source, stop: Event) -> Iterator[Moment]:
    """The source in a loop, with time stamps that go on; ends where it has no frame."""
    begin_s = 0.0
    while not stop.is_set():
        at_s: float | None = None
        step_s = _SINGLE_S
        for moment in source.moments(stop):
            step_s = step_s if at_s is None else moment.at_s - at_s
            at_s = moment.at_s
            yield moment._replace(at_s=begin_s + at_s)
        if at_s is None:
            return
        begin_s += at_s + step_s


def in_real_time(moments: Iterator[Moment], stop: Event) -> Iterator[Moment]:
    """Each frame when it is due."""
    begin_s: float | None = None
    for moment in moments:
        now_s = time.monotonic()
        if begin_s is None or now_s - (begin_s + moment.at_s) > _MAX_DELAY_S:
            begin_s = now_s - moment.at_s
        stop.wait(begin_s + moment.at_s - now_s)
        yield moment
