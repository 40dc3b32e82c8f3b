"""The embedded broker: librdkafka's in-memory cluster, for a first run and fast tests.

It speaks Kafka's protocol on a loopback port. It keeps nothing on disk, and 5 MiB a partition.
"""

from __future__ import annotations

import os
import signal
import subprocess
from types import TracebackType
from typing import Self

from confluent_kafka import Producer

LIMITS = "in memory only: nothing survives its end; 5 MiB a partition; one worker a stage"
_STOP_S = 4.0


class EmbeddedBroker:
    """A broker that lives as long as this object; `url` is where it listens."""

    def __init__(self) -> None:
        # The cluster belongs to this client, whose own bootstrap address is never dialled.
        self._cluster = Producer({"bootstrap.servers": "embedded:1", "test.mock.num.brokers": 1, "log_level": 0})
        (broker,) = self._cluster.list_topics(timeout=5).brokers.values()
        self.url = f"{broker.host}:{broker.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        del self._cluster


def run_with(command: list[str], url: str) -> int:
    """Run a command with this broker as its KAFKA_URL; its exit code.

    Ctrl-C and SIGTERM are left to the command; one that has not ended 4 s after that is killed with its children.
    """
    process = subprocess.Popen(command, env={**os.environ, "KAFKA_URL": url}, start_new_session=True)
    stop = False

    def forward(number: int, _: object) -> None:
        nonlocal stop
        stop = True
        process.send_signal(number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        while not stop:
            try:
                return process.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                continue
        try:
            return process.wait(timeout=_STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
