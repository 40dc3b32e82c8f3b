"""A worker and who starts it again, as systemd and compose do."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Self

from tests.processes import Process

RESTART_S = 1.0
_LOOK_S = 0.05


class Supervised:
    """A worker that is started again one second after it ends, however it ends, until the block does."""

    def __init__(
        self, env: Mapping[str, str], command: Sequence[str] = ("faust", "-A", "streams", "worker", "-l", "info")
    ) -> None:
        self._env, self._command = dict(env), command
        self.starts = 0
        self.again_at = 0.0  # by time.time()
        self.text = ""
        self._enough = threading.Event()
        self._process: Process | None = None
        self._thread = threading.Thread(target=self._look_after, daemon=True)

    def __enter__(self) -> Self:
        self._start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def process(self) -> Process:
        assert self._process
        return self._process

    @property
    def said(self) -> str:
        """What all its processes have said."""
        return self.text + self.process.text

    def kill(self) -> None:
        """End it as kill -9 does; it is started again."""
        os.kill(self.process.pid, signal.SIGKILL)

    def end(self) -> None:
        """End it as kill -9 does, for good."""
        self._enough.set()
        self._thread.join(timeout=10)
        self.process.kill_group()

    def send(self, number: signal.Signals) -> None:
        self.process.send(number)

    def _start(self) -> None:
        self._process = Process(self._command, self._env)
        self.starts += 1
        self.again_at = time.time()

    def _look_after(self) -> None:
        while not self._enough.wait(_LOOK_S):
            if self.process.exit_code is not None and not self._enough.wait(RESTART_S):
                self.text += self.process.text + "\n"
                self.process.close()
                self._start()
