"""What the process of one camera does: it produces until it is told to stop, and says that it lives."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from threading import RLock

import click
from tqdm import tqdm

from functions.core.errors import UsageError
from streams.chain.cameras_section import CameraConf
from streams.chain.types import Chain
from streams.producer.process import Job, Run
from streams.producer.progress import Progress
from streams.producer.sampling import Pace
from streams.runtime import logs
from streams.runtime.shutdown import stopped_by_signals
from streams.settings import Settings

_BEAT_EVERY_S = 0.5
# Its own would be one of several processes, which is never given back by one that is killed.
tqdm.set_lock(RLock())
_FAILED = 2


@dataclass(frozen=True)
class Assignment:
    """One camera of the chain file, and its runs so far."""

    name: str
    camera: CameraConf
    chain: Chain
    settings: Settings
    own_runs: frozenset[str]


class Beat:
    """Tells the parent that this process lives; where there is no parent any more it stops."""

    def __init__(self, parent: Connection) -> None:
        self._parent, self._next_s = parent, 0.0
        self.stop: Callable[[], object] = lambda: None

    def __call__(self) -> None:
        if time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + _BEAT_EVERY_S
            self.tell("alive", "")

    def tell(self, what: str, text: str) -> None:
        """Say one thing; a parent that is gone cannot hear it."""
        try:
            self._parent.send((what, text))
        except OSError:
            self.stop()


def main(assignment: Assignment, parent: Connection) -> None:
    """Produce; the parent hears of the run, that it lives, and at last why it ends. Ends the process."""
    gc.freeze()  # what came from the parent stays shared with it
    logs.set_up(assignment.settings)
    code, why = _FAILED, ""
    with Progress(assignment.name, as_events=assignment.settings.log == "json") as progress:
        try:
            code = _produce(assignment, progress, Beat(parent))
        except UsageError as error:
            why = str(error)
        except click.ClickException as error:
            why = error.message
    if why:
        with suppress(OSError):
            parent.send(("why", why))
    sys.stderr.flush()
    os._exit(code)  # a thread within a camera's driver would crash when the interpreter takes itself down


def _produce(assignment: Assignment, progress: Progress, beat: Beat) -> int:
    camera = assignment.camera
    job = Job(
        camera.url,
        assignment.name,
        camera.topic,
        Pace(1 if camera.decode == "keyframes" else camera.every or 0, camera.fps),
        camera.max_wh,
        camera.quality,
        realtime=True,
        loop=True,
        transport=camera.transport,
        decode=camera.decode,
        own_runs=assignment.own_runs,
    )
    with stopped_by_signals() as stop:
        beat.stop = stop.event.set
        run = Run(job, assignment.settings, assignment.chain, progress, stop.event, beat)
        beat.tell("run", run.production.run_id)
        return run.to_its_end()
