"""The embedded broker: librdkafka's in-memory cluster, on a loopback port, 5 MiB a partition."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from types import TracebackType
from typing import Self

import click
import psutil
from confluent_kafka import cimpl

from functions.core.errors import UsageError

LIMITS = "in memory only: nothing survives its end; 5 MiB a partition; one worker a stage"
_STOP_S = 4.0
# A closed terminal (SIGHUP) is forwarded as SIGTERM, which every command handles.
_FORWARDED = {signal.SIGINT: signal.SIGINT, signal.SIGTERM: signal.SIGTERM, signal.SIGHUP: signal.SIGTERM}


# confluent_kafka offers the cluster without its settings: librdkafka's own functions (rdkafka_mock.h) have them.
_librdkafka = ctypes.CDLL(cimpl.__file__)
for _name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_mock_cluster_new"):
    getattr(_librdkafka, _name).restype = ctypes.c_void_p
_librdkafka.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
_PRODUCER = 0
# By default 3 s, for which the first member of each group waits for others.
_REBALANCE_DELAY_MS = 100


class EmbeddedBroker:
    """A broker that lives as long as this object; `url` is where it listens."""

    def __init__(self) -> None:
        conf, error = _made(_librdkafka.rd_kafka_conf_new()), ctypes.create_string_buffer(512)
        size = ctypes.c_size_t(len(error))
        _librdkafka.rd_kafka_conf_set(conf, b"log_level", b"0", error, size)
        # The cluster belongs to a client, which dials nobody.
        self._client = _made(_librdkafka.rd_kafka_new(_PRODUCER, conf, error, size))
        self._cluster = _made(_librdkafka.rd_kafka_mock_cluster_new(self._client, 1))
        _librdkafka.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, _REBALANCE_DELAY_MS)
        self.url: str = _librdkafka.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _librdkafka.rd_kafka_mock_cluster_destroy(self._cluster)
        _librdkafka.rd_kafka_destroy(self._client)


def _made(address: int | None) -> ctypes.c_void_p:
    if not address:
        raise RuntimeError("Expected librdkafka to make a cluster in memory, got none")
    return ctypes.c_void_p(address)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def broker(command: tuple[str, ...]) -> None:
    """Run an embedded broker, alone until Ctrl-C, or around COMMAND, which gets it as its KAFKA_URL.

    For a first run and for trying things: it is in memory only, keeps 5 MiB a partition and takes one worker a
    stage. Everything else wants a real Kafka.
    """
    with EmbeddedBroker() as embedded:
        click.echo(f"Embedded broker: KAFKA_URL={embedded.url} ({LIMITS})")
        sys.exit(run_with(list(command), embedded.url) if command else _wait())


def run_with(command: list[str], url: str) -> int:
    """Run a command with this broker as its KAFKA_URL; its exit code, 128 + the signal's number where one ended it.

    Ctrl-C, SIGTERM and a closed terminal are forwarded to the command; what is left of its process tree 4 s later
    is killed. Raises UsageError for a command that does not start.
    """
    process = _start(command, url)
    family: list[psutil.Process] = []
    asked = threading.Event()

    def forward(number: int, _: object) -> None:
        # Children can be found only while their parents live, and some lead sessions of their own.
        family.extend(psutil.Process(process.pid).children(recursive=True))
        process.send_signal(_FORWARDED[signal.Signals(number)])
        asked.set()

    before = {number: signal.signal(number, forward) for number in _FORWARDED}
    try:
        while process.poll() is None and not asked.is_set():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.5)
        code = _end(process, family)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def _start(command: list[str], url: str) -> subprocess.Popen[bytes]:
    try:
        # In a session of its own: the terminal's Ctrl-C comes here alone, and is forwarded once.
        return subprocess.Popen(command, env={**os.environ, "KAFKA_URL": url}, start_new_session=True)
    except OSError as error:
        raise UsageError(f"Command {command[0]}: expected a program that starts, got: {error.strerror}") from None


def _end(process: subprocess.Popen[bytes], family: list[psutil.Process]) -> int:
    deadline = time.monotonic() + _STOP_S
    while time.monotonic() < deadline and (process.poll() is None or any(map(_lives, family))):
        time.sleep(0.05)
    for left in filter(_lives, family):
        with contextlib.suppress(psutil.NoSuchProcess):
            left.kill()
    process.kill()
    return process.wait()


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait() -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    return 0
