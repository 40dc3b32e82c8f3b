"""Run a command beside a test: its output is kept, its end is sure, and nothing else is touched."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import psutil

from tests.wait import wait_until

PROJECT = Path(__file__).resolve().parents[1]
_BIN = Path(sys.executable).parent
IMAGEBUS = (str(_BIN / "imagebus"),)
_ENV = {
    "PYTHONUNBUFFERED": "1",
    # The programs of this environment first, also where nobody has activated it.
    "PATH": f"{_BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    # Hundreds of processes start, each on a core it shares: threads of linear algebra, and the authorities of the
    # internet, to which no test goes, cost each of them a fifth of its start.
    "OPENBLAS_NUM_THREADS": "1",
    "SSL_CERT_FILE": os.devnull,
}
T = TypeVar("T")
_TAIL = 60
# Below the range the system dials from: a client that keeps calling a stopped server from that range would one day be
# given the server's own port, and reach itself.
_PORTS = range(20_000, 32_000)


def _own_ports() -> Iterator[int]:
    """This test process's part of the ports, round and round: no two parts of one run share a port."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = _PORTS[worker :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))]
    first = random.randrange(len(ports))  # a second run on this machine begins elsewhere
    return itertools.cycle((*ports[first:], *ports[:first]))


_ports = _own_ports()


def free_port() -> int:
    """A loopback port nobody listens on, and that was not given to anybody lately: who got one may not listen yet."""
    for port in _ports:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("the ports go round")


def lives(process: psutil.Process) -> bool:
    """Whether it still runs: one that has ended and waits to be collected does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Process:
    """A started command, in a session of its own, that ends with the `with` block.

    Its output, both streams together, is in `lines` and in the file `log`.
    """

    def __init__(
        self, command: Sequence[str | Path], env: Mapping[str, str] | None = None, cwd: Path = PROJECT
    ) -> None:
        self.command = [str(word) for word in command]
        self.lines: list[str] = []
        self.log = Path(tempfile.mkstemp(prefix="imagebus-test-", suffix=".log")[1])
        self._process = subprocess.Popen(
            self.command,
            env={**os.environ, **_ENV, **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None:
            error.add_note(self.tail())
        self.close()

    def close(self) -> None:
        """End it with all its children and forget its log."""
        self.kill_group()
        self.log.unlink(missing_ok=True)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Its exit code, None while it runs, minus the signal's number where one ended it."""
        return self._process.poll()

    @property
    def text(self) -> str:
        """All it has said so far."""
        return "\n".join(self.lines)

    def tail(self) -> str:
        """Command, state and last lines, for an assertion's message."""
        state = "running" if self.exit_code is None else f"exit code {self.exit_code}"
        return f"--- {' '.join(self.command)} ({state})\n" + "\n".join(self.lines[-_TAIL:])

    def wait_for_line(self, pattern: str, timeout_s: float = 60, count: int = 1) -> str:
        """The `count`-th line in which the pattern is found. Fails where the process ends before."""

        def found() -> str | None:
            matching = [line for line in list(self.lines) if re.search(pattern, line)]
            if len(matching) >= count:
                return matching[count - 1]
            ended = self.exit_code is not None and not self._reader.is_alive()
            assert not ended, f"Expected a line with {pattern!r} before the end\n{self.tail()}"
            return None

        line = self._until(found, timeout_s, f"a line with {pattern!r}")
        assert line is not None
        return line

    def wait(self, timeout_s: float = 30) -> int:
        """Its exit code, once it has ended by itself and all its output is read."""
        self._until(lambda: self.exit_code is not None, timeout_s, "the end of the process")
        self._reader.join(timeout=5)
        assert self.exit_code is not None
        return self.exit_code

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process alone, not to its children."""
        self._process.send_signal(number)

    def terminate(self, number: signal.Signals = signal.SIGTERM, timeout_s: float = 15) -> int:
        """Ask it to end by SIGTERM (or SIGINT, as Ctrl-C does); its exit code."""
        self.send(number)
        return self.wait(timeout_s)

    def kill(self) -> int:
        """End it as `kill -9` does; its exit code, -9."""
        self._process.kill()
        return self.wait()

    def kill_group(self) -> None:
        """End it, all of its session and all of its children at once. Nothing where all have ended."""
        family: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            family = psutil.Process(self._process.pid).children(recursive=True)  # some in a session of their own
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for child in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        self._process.wait(timeout=10)
        self._reader.join(timeout=5)

    def _until(self, condition: Callable[[], T], timeout_s: float, what: str) -> T:
        try:
            return wait_until(condition, timeout_s, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.tail()}") from None

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self.log.open("wb") as log:
            for line in self._process.stdout:
                log.write(line)
                log.flush()
                self.lines.append(line.decode(errors="replace").rstrip("\r\n"))
