"""One camera as its parent sees it: a process that is started, heard, stopped, and started again."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from typing import Any

from streams.chain.cameras_section import CameraConf
from streams.fleet.child import Assignment, main
from streams.runtime.backoff import Backoff
from streams.wire.cameras import State

# A process that says nothing for so long hangs.
_HANGS_AFTER_S = 15.0
_FIRST_S, _LAST_S = 1.0, 15.0
# One that ran for so long did well: what it dies of next is another matter.
_WELL_S = 60.0
_END_S = 6.0
_RUNS = 16


class CameraProcess:
    """The process of one camera; `tell` puts on the bus why it is not there, and `say` on the log."""

    def __init__(
        self,
        context: ForkServerContext,
        assign: Callable[[frozenset[str]], Assignment],
        camera: CameraConf,
        tell: Callable[[State, str], None],
        say: Callable[[str], None],
    ) -> None:
        self._context, self._assign, self.camera = context, assign, camera
        self._tell, self._say = tell, say
        self.runs: list[str] = []
        self._process: Any = None
        self._pipe: Connection | None = None
        self._why = ""
        self._backoff, self._start_at = Backoff(_FIRST_S, _LAST_S), 0.0
        self._began_at = self._heard_at = 0.0
        self._stop_by: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether it was stopped and its process has ended."""
        return self._stop_by is not None and self._process is None

    def stop(self) -> None:
        """Ask it to end; `tick` sees to it."""
        self._stop_by = time.monotonic() + _END_S
        if self._process:
            self._process.terminate()

    def tick(self) -> None:
        """Hear what it says, and start, bury or kill it where that is due."""
        now = time.monotonic()
        if self._process is None:
            if self._stop_by is None and now >= self._start_at:
                self._start()
            return
        self._hear()
        if not self._process.is_alive():
            self._bury()
        elif self._stop_by is not None and now > self._stop_by:
            self._process.kill()
        elif now - self._heard_at > _HANGS_AFTER_S:
            self._why = f"its process hung: it said nothing for {_HANGS_AFTER_S:.0f} s"
            self._process.kill()

    def _start(self) -> None:
        self._pipe, theirs = self._context.Pipe(duplex=False)
        arguments = (self._assign(frozenset(self.runs)), theirs)
        self._process = self._context.Process(target=main, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        self._began_at = self._heard_at = time.monotonic()
        self._why = ""

    def _hear(self) -> None:
        try:
            while self._pipe and self._pipe.poll():
                what, text = self._pipe.recv()
                self._heard_at = time.monotonic()
                if what == "run":
                    self.runs = [*self.runs, text][-_RUNS:]
                elif what == "why":
                    self._why = text
        except (EOFError, OSError):
            return

    def _bury(self) -> None:
        self._hear()
        code = self._process.exitcode
        self._process.close()
        if self._pipe:
            self._pipe.close()
        self._process = self._pipe = None
        if self._stop_by is not None:
            return
        refused, why = bool(self._why) and code >= 0, self._why or _of_exit(code)
        if time.monotonic() - self._began_at > _WELL_S:
            self._backoff.succeeded()
        delay_s = self._backoff.failed()
        self._start_at = time.monotonic() + delay_s
        self._tell("refused" if refused else "lost", why)
        self._say(f"{why}; next try in {delay_s:g} s")


def _of_exit(code: int) -> str:
    return f"its process died of {signal.Signals(-code).name}" if code < 0 else f"its process ended with code {code}"
