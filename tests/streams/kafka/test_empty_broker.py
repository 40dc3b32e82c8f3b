"""Every command on a real Kafka that has no topic at all: clear output, a sensible exit code, no traceback.

On an embedded broker, which is empty as often as it is started, all other tests run them.
"""

from __future__ import annotations

import signal
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests import kafka_node as real_kafka
from tests.bus import own_topics
from tests.kafka_node import KafkaNode
from tests.processes import IMAGEBUS, Process, free_port
from tests.streams import frames
from tests.streams.chains import environment
from tests.wait import wait_until

CHAIN = """
[stages.track]
function = "track"
input = "SOURCE_FRAME"
output = "TRACK_FRAME"

[counts]
input = "TRACK_FRAME"
"""
# Commands that end by themselves: what they say, and with which code they end.
END = {
    "topics": (("topics",), r"^7 made, 0 were there$", 0),
    "produce": (("produce", "{pictures}"), r"source: 1 frames on the bus$", 0),
}
# Commands that go on: what they say, or the port on which they answer, once they work.
GO_ON: dict[str, tuple[tuple[str, ...], str]] = {
    "stage": ((*IMAGEBUS, "stage", "detect_stub", "-n", "mine"), r"Stage mine: is ready"),
    "worker": (("faust", "-A", "streams", "worker", "-l", "info"), r"Stage count: is ready"),
    "viewer": ((*IMAGEBUS, "viewer", "--port", "{port}"), "/ready"),
    "camera": ((*IMAGEBUS, "camera", "--port", "{port}"), "/ready"),
}


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """host:port of a broker that nobody has used before these tests."""
    real_kafka.require()
    with KafkaNode() as node:
        yield node.url


@pytest.fixture
def start(broker: str, tmp_path: Path) -> Iterator[Callable[[Sequence[str]], Process]]:
    """Start a command on a broker without a topic."""
    env = environment(broker, tmp_path, CHAIN)
    with own_topics(broker):
        yield lambda command: Process(command, env=env)


def test_doctor_says_which_topics_are_not_there_yet(start: Callable[[Sequence[str]], Process]) -> None:
    with start([*IMAGEBUS, "doctor"]) as process:
        code = process.wait(60)
        # A port of this machine may be taken, which is a failure.
        assert code == any(line.startswith("FAILURE") for line in process.lines), process.tail()
        assert "Traceback" not in process.text, process.tail()
        process.wait_for_line("not there yet: SOURCE_FRAME, TRACK_FRAME, DEAD_TRACK$")
        assert process.wait_for_line(r"failures, \d+ warnings, \d+ ok$") == process.lines[-1]


@pytest.mark.parametrize("name", END)
def test_a_command_that_ends(name: str, start: Callable[[Sequence[str]], Process], tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.jpg").write_bytes(frames.frame().jpeg)
    arguments, said, code = END[name]
    with start([*IMAGEBUS, *(word.format(pictures=tmp_path / "pictures") for word in arguments)]) as process:
        assert process.wait(60) == code, process.tail()
        process.wait_for_line(said)
        assert "Traceback" not in process.text, process.tail()


@pytest.mark.parametrize("name", GO_ON)
def test_a_command_that_goes_on(name: str, start: Callable[[Sequence[str]], Process]) -> None:
    command, works = GO_ON[name]
    port = free_port()
    with start([word.format(port=port) for word in command]) as process:
        if works.startswith("/"):
            wait_until(lambda: _is_well(f"http://127.0.0.1:{port}{works}"), 40, f"{name} that is ready")
        else:
            process.wait_for_line(works, 40)
        assert process.terminate() in (0, -signal.SIGTERM), process.tail()
        assert "Traceback" not in process.text, process.tail()


def _is_well(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False
