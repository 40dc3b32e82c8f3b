"""Processes that tests start: their output is kept, their end is sure."""

from __future__ import annotations

import signal
import sys

import psutil
import pytest

from tests.processes import Process, lives
from tests.wait import wait_until

_TALKS = "import signal, sys; print('one'); print('two', file=sys.stderr); signal.pause()"


def test_a_process_is_waited_for_by_what_it_says() -> None:
    with Process([sys.executable, "-c", _TALKS]) as process:
        assert process.wait_for_line("^two$") == "two"
        assert process.lines == ["one", "two"]
        assert process.terminate(signal.SIGTERM) == -signal.SIGTERM


def test_an_assertion_about_a_process_shows_its_last_lines() -> None:
    with Process([sys.executable, "-c", "print('out of film'); raise SystemExit(3)"]) as process:
        with pytest.raises(AssertionError, match=r"(?s)before the end.*exit code 3.*out of film"):
            process.wait_for_line("never said")
        assert process.wait() == 3


@pytest.mark.parametrize("own_session", [False, True])
def test_the_children_of_a_process_end_with_it(own_session: bool) -> None:
    waits = "import signal; signal.pause()"
    child_of = f"subprocess.Popen([sys.executable, '-c', {waits!r}], start_new_session={own_session})"
    parent = f"import subprocess, sys; print({child_of}.pid); {waits}"
    with Process([sys.executable, "-c", parent]) as process:
        child = psutil.Process(int(process.wait_for_line(r"^\d+$")))
        assert lives(child)
    wait_until(lambda: not lives(child), 10, f"the end of {child}")
