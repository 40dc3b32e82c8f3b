"""A real Kafka on this machine's Java, for tests that need one to kill and start again.

`make kafka` runs this module: it fetches the jars and makes the archive of classes that halves the start.
"""

from __future__ import annotations

import atexit
import base64
import fcntl
import functools
import os
import re
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from confluent_kafka import Consumer

from tests.bus import produce
from tests.missing import missing
from tests.processes import PROJECT, Process, free_port
from tests.wait import wait_until

CACHE = Path(os.environ.get("IMAGEBUS_CACHE", PROJECT / ".cache")).resolve() / "kafka"
_LIB = CACHE / "lib"
_ARCHIVE = CACHE / "kafka.jsa"
_START_S = 60
_HEAP = ("-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
_QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "inter.broker.listener.name": "CLIENT",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,CLIENT:PLAINTEXT",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    # Dead-letter topics take 5 MiB.
    "message.max.bytes": "6291456",
    "replica.fetch.max.bytes": "6291456",
    # By default 9 s, for which one that was killed waits when it is started again.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # By default 5 minutes: what has expired is deleted only then.
    "log.retention.check.interval.ms": "1000",
    "log.initial.task.delay.ms": "1000",
}


class NoKafkaError(Exception):
    """Kafka's jars cannot be had; the text says what to do."""


class KafkaNode:
    """One broker with its own port and data, both kept over stop, kill and start.

    `settings` are lines of server.properties that win over the defaults; `format_arguments` go to the storage tool.
    One of several names its `port` and the `cluster_id` that all of them have.
    """

    def __init__(
        self,
        settings: Mapping[str, str] | None = None,
        format_arguments: Sequence[str] = (),
        port: int | None = None,
        cluster_id: str | None = None,
    ) -> None:
        self.port, controller = port or free_port(), free_port()
        self.url = f"127.0.0.1:{self.port}"
        self._folder = Path(tempfile.mkdtemp(prefix="imagebus-kafka-"))
        self._properties = self._folder / "server.properties"
        self._process: Process | None = None
        own = {
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"CLIENT://{self.url},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"CLIENT://{self.url}",
            "log.dirs": str(self._folder / "data"),
        }
        lines = {**_SETTINGS, **own, **(settings or {})}
        _write(self._properties, lines)
        formatted = _formatted(cluster_id or _own_cluster(), lines["node.id"], tuple(format_arguments))
        shutil.copytree(formatted, lines["log.dirs"])

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.remove()

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def exit_code(self) -> int | None:
        """Its exit code where it has ended by itself, None while it runs."""
        return self._running().exit_code

    def start(self, options: Sequence[str] = (f"-XX:SharedArchiveFile={_ARCHIVE}",)) -> Self:
        """Start it, or start it again; back when it answers."""
        process = self._process = Process([*_java(*options), "kafka.Kafka", self._properties])

        def ready() -> bool:
            assert process.exit_code is None, f"Expected Kafka to start\n{process.tail()}"
            with socket.socket() as client:
                return client.connect_ex(("127.0.0.1", self.port)) == 0

        wait_until(ready, _START_S, f"Kafka on {self.url}")
        return self

    def stop(self) -> None:
        """Shut it down in order (SIGTERM); its data stay."""
        self._running().terminate(timeout_s=60)
        self._end()

    def kill(self) -> None:
        """End it as a power cut would (kill -9); its data stay."""
        self._running().kill()
        self._end()

    def restart(self) -> None:
        """Stop and start on the same port and data."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """End it, whatever its state, and delete its data."""
        if self._process:
            self._end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _running(self) -> Process:
        assert self._process, f"Expected Kafka on {self.url} to be started first"
        return self._process

    def _end(self) -> None:
        self._running().close()
        self._process = None


def new_cluster_id() -> str:
    """One that the storage tool takes."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


@functools.cache
def _own_cluster() -> str:
    """Shared by the brokers of one run that are each a cluster of their own: they never meet."""
    return new_cluster_id()


@functools.cache
def _formatted(cluster_id: str, node_id: str, arguments: tuple[str, ...]) -> Path:
    """A data folder as the storage tool makes it: it takes more than a second, a copy none."""
    folder = Path(tempfile.mkdtemp(prefix="imagebus-kafka-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    own = {
        "node.id": node_id,
        "controller.quorum.voters": f"{node_id}@127.0.0.1:1",
        "listeners": "CLIENT://127.0.0.1:2,CONTROLLER://127.0.0.1:1",
        "log.dirs": str(folder / "data"),
    }
    properties = folder / "server.properties"
    _write(properties, {**_SETTINGS, **own})
    tool = [*_java(), "kafka.tools.StorageTool", "format", "-c", str(properties)]
    # The id in one word with its name: it may begin with a dash.
    command = [*tool, f"--cluster-id={cluster_id}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_START_S, check=False)
    assert done.returncode == 0, f"Expected Kafka's storage tool to end with 0\n{done.stdout}{done.stderr}"
    return folder / "data"


def _write(properties: Path, settings: Mapping[str, str]) -> None:
    properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))


def require() -> None:
    """Have Java and Kafka's jars, fetching what can be fetched; else end this test as missing."""
    if _java_version() < 17:
        missing("Java 17 or later", "install a JRE (Debian: apt-get install default-jre-headless)")
    if not _ARCHIVE.exists():
        try:
            fetch()
        except NoKafkaError as error:
            missing("Kafka", str(error))


def fetch() -> None:
    """Copy Kafka's jars into the cache, and run a broker once to make its archive of classes. Raises NoKafkaError."""
    CACHE.mkdir(parents=True, exist_ok=True)
    # Tests that run side by side would fetch into one folder.
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _ARCHIVE.exists():
            _fetch()


def _fetch() -> None:
    if not shutil.which("mvn"):
        raise NoKafkaError("install Maven (Debian: apt-get install maven) and run `make kafka`")
    pom = Path(__file__).parent / "kafka" / "pom.xml"
    command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={_LIB}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoKafkaError(f"`make kafka` could not fetch its jars: {done.stdout.strip()[-500:]}")
    archive = _ARCHIVE.with_suffix(f".{os.getpid()}")
    node = KafkaNode().start([f"-XX:ArchiveClassesAtExit={archive}"])
    _use(node.url)
    node.stop()
    node.remove()
    archive.replace(_ARCHIVE)


def _use(url: str) -> None:
    """Do with a broker what tests do, so that the classes for it are in the archive: half a second of CPU a broker."""
    produce(url, "A", "cam", b"1")
    reader = Consumer({"bootstrap.servers": url, "group.id": "A", "auto.offset.reset": "earliest"})
    reader.subscribe(["A"])
    (message,) = reader.consume(1, timeout=_START_S)
    reader.commit(message, asynchronous=False)
    reader.close()


def _java_version() -> int:
    """Major version of this machine's Java, 0 where there is none."""
    if not shutil.which("java"):
        return 0
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    return int(version[1]) if version else 0


def _java(*options: str) -> list[str]:
    return ["java", *_HEAP, _QUIET, *options, "-cp", f"{_LIB}/*"]


if __name__ == "__main__":
    fetch()
    print(f"Kafka is in {CACHE}")
