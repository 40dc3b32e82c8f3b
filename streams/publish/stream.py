"""The stream of one source as the command sees it: a process that is given pictures, watched, and started again."""

from __future__ import annotations

import logging
import time
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from threading import Condition, Lock, Thread
from typing import Any

from functions.core.frame import Frame, Size
from streams.producer.reconnecting import SILENCE_S
from streams.publish.address import Address
from streams.publish.child import CONNECTED, FAILED, Job, main
from streams.publish.screen import SIZE_WH, Rhythm, Shot, size_of_stream
from streams.runtime.backoff import Backoff

log = logging.getLogger(__name__)

_FIRST_DELAY_S, _LAST_DELAY_S = 0.5, 15.0
# A connection that held for so long was a good one; none takes so long to fail.
_GOOD_S = 30.0
_LOOK_S, _END_S = 0.1, 2.0
# multiprocessing looks at the processes of all threads whenever it starts one.
_processes = Lock()


class Stream:
    """Sends the newest frame of one source to a recorder, whatever becomes of that, until it is closed.

    Before the first frame its size is a guess: the stream begins anew when that comes. Later it keeps its size, since
    many recorders take no other within one stream, and frames of another are fitted into it.
    """

    def __init__(self, source: str, address: Address, fps: float, context: ForkServerContext) -> None:
        self.source = source
        self._address, self._fps, self._context = address, fps, context
        self._changed = Condition()
        self._shot: Shot | None = None
        self._size_wh: Size | None = None
        self._rhythm = Rhythm()
        self.heard_at = time.monotonic()
        self._alive_at = self.heard_at
        self._ends = self._said = self._connected = False
        self._process: Any = None
        self._thread = Thread(target=self._run, name=f"stream of {source}", daemon=True)
        self._thread.start()

    def put(self, frame: Frame) -> None:
        """Have this frame shown from now on, in place of any that waits; never blocks."""
        now = time.monotonic()
        shot = Shot(frame.jpeg, time.time(), self._rhythm.until(now))
        with self._changed:
            self._shot, self.heard_at = shot, now
            self._size_wh = self._size_wh or size_of_stream(frame.size_wh)
            self._changed.notify()

    def end(self) -> None:
        """Ask it to end; `join` sees to it."""
        with self._changed:
            self._ends = True
            self._changed.notify()

    def join(self) -> None:
        """Back when it has ended, at most a few seconds after `end`."""
        self._thread.join(2 * _END_S)
        if self._thread.is_alive() and (process := self._process):  # stuck in handing over a picture
            process.kill()

    def _run(self) -> None:
        backoff = Backoff(_FIRST_DELAY_S, _LAST_DELAY_S)
        while not self._ends:
            began_at = time.monotonic()
            why = self._one_connection()
            if time.monotonic() - began_at > _GOOD_S:
                backoff.succeeded()
            if why:
                self._lost(why)
                with self._changed:
                    self._changed.wait_for(lambda: self._ends, backoff.failed())

    def _one_connection(self) -> str:
        """Why it ended; "" where that was wanted."""
        with self._changed:
            size_wh, shot = self._size_wh or SIZE_WH, self._shot
        pipe, theirs = self._context.Pipe()
        job = Job(self.source, self._address.of(self.source), size_wh, self._fps, shot)
        process = self._context.Process(target=main, args=(job, theirs), daemon=True)
        with pipe:
            try:
                with theirs, _processes:
                    process.start()
            except (EOFError, OSError) as error:
                return f"its process does not start: {error}"
            self._process = process
            try:
                return self._feed(pipe, size_wh, shot)
            except (EOFError, OSError):
                return "its process died"
            finally:
                pipe.close()
                self._bury()

    def _feed(self, pipe: Connection, size_wh: Size, sent: Shot | None) -> str:
        self._connected, self._alive_at = False, time.monotonic()
        while not self._ends and self._size_wh in (None, size_wh):
            if why := self._hear(pipe):
                return why
            if shot := self._other_than(sent):
                pipe.send(shot)
                sent = shot
        return ""

    def _hear(self, pipe: Connection) -> str:
        """What its process has told; why this is the end, if so."""
        while pipe.poll():
            what, text = pipe.recv()
            self._alive_at = time.monotonic()
            if what == FAILED:
                return str(text)
            if what == CONNECTED:
                self._found()
        if time.monotonic() - self._alive_at < SILENCE_S[self._connected]:
            return ""
        self._process.kill()
        return "takes nothing" if self._connected else "does not answer"

    def _other_than(self, sent: Shot | None) -> Shot | None:
        """The newest shot where it can be sent and was not; waits a moment for one."""
        with self._changed:
            if self._shot is sent or not self._connected:
                self._changed.wait(_LOOK_S)
            return self._shot if self._connected and self._shot is not sent else None

    def _found(self) -> None:
        log.info("%s: streams to %s", self.source, self._address.shown(self.source))
        self._connected, self._said = True, False

    def _lost(self, why: str) -> None:
        if not self._said:
            place = self._address.shown(self.source)
            log.warning("%s: no stream to %s: %s; it is tried again until there is one", self.source, place, why)
        self._said = True

    def _bury(self) -> None:
        self._process.join(_END_S)
        self._process.kill()
        self._process.join()
        with _processes:
            self._process.close()
        self._process = None
