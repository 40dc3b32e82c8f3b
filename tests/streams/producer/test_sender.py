"""Sending: few records are under way, and a broker that hangs costs a producer nothing but time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from streams.kafka.idempotent_producer import MOST_IN_FLIGHT
from streams.producer.sender import Sender
from streams.settings import Settings
from streams.wire.cameras import CAMERAS
from tests.bus import consume, length
from tests.kafka_node import KafkaNode
from tests.wait import wait_until

Start = Callable[..., KafkaNode]
TOPIC = "SENT"


def test_a_sender_waits_for_a_broker_that_hangs_without_spinning(kafka_node: Start) -> None:
    node = kafka_node()
    sender = _begun(node, live=True)
    with _hung(node):
        took = [_sent_and_polled(sender) for _ in range(8)]  # each is a request of its own
        began_s, cpu_s = time.monotonic(), time.process_time()
        took += [_sent_and_polled(sender) for _ in range(10)]
        busy = (time.process_time() - cpu_s) / (time.monotonic() - began_s)
    sender.flush(30)

    assert busy < 0.5, "Expected a sender that waits, got one that spins"
    assert took == [True] * 16 + [False] * 2, "four in flight, and twelve that wait"
    assert sender.lost == 0
    assert length(node.url, TOPIC) == sender.accepted == 17


def test_frames_of_a_camera_that_waited_too_long_are_lost_and_counted(
    kafka_node: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.producer.sender._TOO_OLD_S", 0.5)
    node = kafka_node()
    sender = Sender(Settings(kafka_url=node.url), TOPIC, "street", True, threading.Event())
    sender.send(b"first")
    wait_until(lambda: sender.poll(0.01) or sender.pending == 0, 30, "an answer")
    answered = sender.lost, sender.acknowledged

    with _hung(node):
        assert all(sender.send(b"old") for _ in range(16))
        wait_until(lambda: sender.poll(0.01) or sender.pending == 0, 30, "none that waits")

    assert (sender.lost, sender.acknowledged) == (answered[0] + 16, answered[1])


def test_states_that_wait_for_a_broker_are_few_and_frames_come_through_behind_them(kafka_node: Start) -> None:
    node = kafka_node()
    sender = _begun(node, live=False)
    with _hung(node):
        for at in range(20):
            sender.tell(b"street", str(at).encode())
        assert all(sender.send(frame) for frame in (b"second", b"third"))
    wait_until(lambda: sender.poll(0.01) or sender.pending == 0, 30, "all frames on the bus")
    sender.flush(30)

    assert [message.value() for message in consume(node.url, TOPIC, 3)] == [b"first", b"second", b"third"]
    assert length(node.url, CAMERAS) == MOST_IN_FLIGHT


def _begun(node: KafkaNode, live: bool) -> Sender:
    """One whose first record is on the bus."""
    sender = Sender(Settings(kafka_url=node.url), TOPIC, "street", live, threading.Event())
    sender.send(b"first")
    wait_until(lambda: sender.poll(0.01) or sender.acknowledged == 1, 30, "a record on the bus")
    return sender


@contextmanager
def _hung(node: KafkaNode) -> Iterator[None]:
    """Within, the broker takes what is sent to it and does not answer."""
    broker = psutil.Process(node.pid)
    broker.suspend()
    try:
        # On busy cores its threads go on until the one that takes the signal has run.
        wait_until(lambda: _is_still(node.pid), 30, "a broker all of whose threads have stopped")
        yield
    finally:
        broker.resume()


def _is_still(pid: int) -> bool:
    """Whether no thread of a process goes on."""
    told = [each.read_text() for each in Path(f"/proc/{pid}/task").glob("*/stat")]
    return {each.rpartition(")")[2].split()[0] for each in told} == {"T"}


def _sent_and_polled(sender: Sender) -> bool:
    """Whether a frame was taken; reports of delivery are taken, too."""
    taken = sender.send(b"frame")
    sender.poll(0.1)
    return taken
