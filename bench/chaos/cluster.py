"""Three brokers on this host, each controller and broker, and a proxy before each."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka.admin import AdminClient

from bench.chaos.proxy import Proxy
from tests.kafka_node import KafkaNode, new_cluster_id
from tests.processes import free_port
from tests.wait import wait_until

_NODES = 3
_DISK_MIB = 256
_SETTINGS = {
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,CLIENT:PLAINTEXT,PROXIED:PLAINTEXT",
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    # By default 9 s pass until a broker that fell over is missed, and for so long nobody's writes are answered.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "log.segment.delete.delay.ms": "1000",
    # Three brokers of some hundred partitions on a machine for tests: the default makes indexes of 10 MiB each.
    "log.index.size.max.bytes": "262144",
}


@dataclass(frozen=True)
class Broker:
    """One of the three; `disk` is a small file system of its own, None where none could be mounted."""

    number: int
    node: KafkaNode
    proxy: Proxy
    disk: Path | None

    def pause(self) -> None:
        os.kill(self.node.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.node.pid, signal.SIGCONT)


class Cluster:
    """`url` names its brokers, `proxied_url` the same through the proxies."""

    def __init__(self, brokers: list[Broker], proxied_ports: list[int]) -> None:
        self.brokers = brokers
        self.url = ",".join(broker.node.url for broker in brokers)
        self.proxies = [broker.proxy for broker in brokers]
        self.proxied_url = ",".join(f"127.0.0.1:{port}" for port in proxied_ports)

    def start(self, brokers: Sequence[Broker]) -> None:
        """Start these together, since one may not be ready without another."""
        with ThreadPoolExecutor(len(brokers)) as pool:
            list(pool.map(lambda broker: broker.node.start(), brokers))

    def leader(self, topic: str) -> Broker:
        """The broker that leads a topic's first partition."""
        metadata = AdminClient({"bootstrap.servers": self.url, "log_level": 0}).list_topics(topic, timeout=10)
        number = metadata.topics[topic].partitions[0].leader
        return next(broker for broker in self.brokers if broker.number == number)

    def wait_in_sync(self, timeout_s: float = 60) -> None:
        """Until every partition has all its replicas again."""
        client = AdminClient({"bootstrap.servers": self.url, "log_level": 0})

        def in_sync() -> bool:
            topics = client.list_topics(timeout=10).topics.values()
            parts = [part for topic in topics for part in topic.partitions.values()]
            return all(part.leader >= 0 and len(part.isrs) == len(part.replicas) for part in parts)

        wait_until(in_sync, timeout_s, "all replicas in sync")


@contextmanager
def cluster(small_disks: bool = True) -> Iterator[Cluster]:
    """Three brokers, started together since none can be ready without another; gone at the end."""
    ports, proxied, inner, controllers = ([free_port() for _ in range(_NODES)] for _ in range(4))
    voters = ",".join(f"{at + 1}@127.0.0.1:{port}" for at, port in enumerate(controllers))
    cluster_id = new_cluster_id()
    with ExitStack() as stack:
        brokers = []
        for at in range(_NODES):
            disk = stack.enter_context(small_disk(_DISK_MIB)) if small_disks else None
            own = {
                "node.id": str(at + 1),
                "controller.quorum.voters": voters,
                "listeners": f"CLIENT://127.0.0.1:{ports[at]},PROXIED://127.0.0.1:{inner[at]},"
                f"CONTROLLER://127.0.0.1:{controllers[at]}",
                "advertised.listeners": f"CLIENT://127.0.0.1:{ports[at]},PROXIED://127.0.0.1:{proxied[at]}",
            }
            own |= {"log.dirs": str(disk / "data")} if disk else {}
            node = KafkaNode({**_SETTINGS, **own}, port=ports[at], cluster_id=cluster_id)
            stack.callback(node.remove)
            brokers.append(Broker(at + 1, node, stack.enter_context(Proxy(proxied[at], inner[at])), disk))
        made = Cluster(brokers, proxied)
        made.start(brokers)
        made.wait_in_sync()
        yield made


@contextmanager
def small_disk(mib: int) -> Iterator[Path | None]:
    """A file system of its own that can be filled, None where this user may not mount one."""
    folder = Path(tempfile.mkdtemp(prefix="imagebus-chaos-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "imagebus-chaos", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """A file system without a byte left, until the block ends."""
    filler = disk / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            while file.write(bytes(64 * 1024)):
                pass
    except OSError:
        pass
    try:
        yield
    finally:
        filler.unlink()
