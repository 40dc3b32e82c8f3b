"""What the process of one stream does: it connects once, and sends a frame a tick until it fails or is told to end.

A process, since a recorder that does not answer holds up all of the process that speaks to it.
"""

from __future__ import annotations

import gc
import os
import signal
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from threading import Event, Thread

import av

from functions.core.frame import Size
from streams.publish.publication import Publication
from streams.publish.screen import Screen, Shot

_BEAT_EVERY_S = 0.5
CONNECTED, ALIVE, FAILED = "connected", "alive", "failed"


@dataclass(frozen=True)
class Job:
    """A stream to send; `url` may hold a password."""

    source: str
    url: str = field(repr=False)
    size_wh: Size
    fps: float
    shot: Shot | None


class Ticks:
    """A clock of `fps` ticks a second; one that was missed is left out."""

    def __init__(self, fps: float) -> None:
        self._fps, self._began_at = fps, time.monotonic()
        self.number = 0

    def wait_for_next(self, end: Event) -> None:
        """Back at the next tick, or when it is the end."""
        self.number = max(self.number + 1, int((time.monotonic() - self._began_at) * self._fps))
        end.wait(self._began_at + self.number / self._fps - time.monotonic())


def main(job: Job, parent: Connection) -> None:
    """Send the shots that the parent gives; it hears of the connection, that this lives, and why it ends.

    Ends the process; so does a parent that closes its end, or is gone.
    """
    gc.freeze()  # what came from the parent stays shared with it
    for number in (signal.SIGINT, signal.SIGTERM):  # they come to all processes; the parent sees to it
        signal.signal(number, signal.SIG_IGN)
    try:
        _send(job, parent)
    except av.FFmpegError as error:
        _tell(parent, FAILED, str(error.strerror))
    os._exit(0)


def _send(job: Job, parent: Connection) -> None:
    screen, end = Screen(job.source, job.size_wh, job.shot), Event()
    publication = Publication(job.url, job.size_wh, job.fps)
    _tell(parent, CONNECTED)
    Thread(target=_listen, args=(parent, screen, end), daemon=True).start()
    ticks, beat_at = Ticks(job.fps), 0.0
    while not end.is_set():
        now = time.monotonic()
        publication.send(screen.frame(now), ticks.number)
        if now >= beat_at:
            beat_at = now + _BEAT_EVERY_S
            _tell(parent, ALIVE)
        ticks.wait_for_next(end)
    publication.close()


def _listen(parent: Connection, screen: Screen, end: Event) -> None:
    try:
        while True:
            shot: Shot = parent.recv()
            screen.show(shot)
    except (EOFError, OSError):
        end.set()


def _tell(parent: Connection, what: str, text: str = "") -> None:
    try:
        parent.send((what, text))
    except OSError:  # a parent that is gone cannot hear it
        return
