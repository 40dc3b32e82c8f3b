"""`imagebus broker`: a broker for a first run, alone or around a command."""

from __future__ import annotations

import signal
import sys

import psutil
import pytest

from tests.bus import consume, produce
from tests.processes import IMAGEBUS, Process, lives
from tests.wait import wait_until

_WAITS = "import signal; signal.pause()"
_IS_DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"


def test_alone_it_says_its_address_and_limits_and_runs_until_ctrl_c() -> None:
    with Process([*IMAGEBUS, "broker"]) as broker:
        line = broker.wait_for_line("KAFKA_URL=")
        assert "in memory only" in line
        assert "5 MiB a partition" in line
        url = line.split("KAFKA_URL=")[1].split()[0]
        produce(url, "A", "cam", b"1")
        assert [message.value() for message in consume(url, "A", 1)] == [b"1"]
        assert broker.terminate(signal.SIGINT) == 0


def test_around_a_command_it_gives_its_address_and_passes_the_exit_code_on() -> None:
    tells = "import os; print('url', os.environ['KAFKA_URL']); raise SystemExit(7)"
    with Process([*IMAGEBUS, "broker", "--", sys.executable, "-c", tells]) as broker:
        assert broker.wait() == 7
        url = broker.wait_for_line("^url").split()[1]
        assert f"KAFKA_URL={url} " in broker.text


def test_a_command_that_is_not_there_is_one_line_and_exit_code_2() -> None:
    with Process([*IMAGEBUS, "broker", "--", "no-such-program", "--flag"]) as broker:
        assert broker.wait() == 2
        assert broker.lines[-1] == (
            "imagebus: Command no-such-program: expected a program that starts, got: No such file or directory"
        )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_ends_all_that_honcho_started(number: signal.Signals, tmp_path: object) -> None:
    procfile = f"{tmp_path}/Procfile"
    with open(procfile, "w") as file:
        file.write(f'one: {sys.executable} -c "{_WAITS}"\ntwo: {sys.executable} -c "{_WAITS}"\n')
    with Process([*IMAGEBUS, "broker", "--", "honcho", "-f", procfile, "start"]) as broker:
        broker.wait_for_line("two.*started")
        family = psutil.Process(broker.pid).children(recursive=True)
        assert len(family) > 2
        broker.terminate(number, timeout_s=5)
        assert not [process for process in family if lives(process)]


def test_what_does_not_end_by_itself_is_killed_with_its_children() -> None:
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {_IS_DEAF!r}], start_new_session=True)"
    with Process([*IMAGEBUS, "broker", "--", sys.executable, "-c", f"{parent}; {_WAITS}"]) as broker:
        broker.wait_for_line("deaf")
        family = psutil.Process(broker.pid).children(recursive=True)
        assert len(family) == 2
        assert broker.terminate(signal.SIGTERM, timeout_s=10) == 128 + signal.SIGTERM
        wait_until(lambda: not any(map(lives, family)), 5, "the end of the command and its child")
