"""Write and read topics with a plain Kafka client, independent of the code under test."""

from __future__ import annotations

import fcntl
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Self

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient  # type: ignore[attr-defined]

from tests.wait import wait_until

_groups = count()
# A broker that restarts is waited for.
_PASSING = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN)
_SIZES = {"message.max.bytes": 8 * 1024 * 1024}


def producer(url: str, **settings: str | int | bool) -> Producer:
    """A producer that puts keys where Faust does; `settings` with an underscore for each point."""
    more = {name.replace("_", "."): value for name, value in settings.items()}
    return Producer({"bootstrap.servers": url, "partitioner": "murmur2_random", "log_level": 0, **_SIZES, **more})


class Writer(ABC):
    """Writes records from a thread of its own until the block ends; `settings` as for `producer`."""

    flush_s = 30.0

    def __init__(self, url: str, **settings: str | int | bool) -> None:
        self._client = producer(url, **settings)
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Stop writing; back when the brokers have every record."""
        self._enough.set()
        self._thread.join(timeout=30)
        left = self._client.flush(self.flush_s)
        assert not left, f"Expected the brokers to take every record, {left} are left after {self.flush_s:g} s"

    @abstractmethod
    def _write(self) -> None:
        """Write until it is enough."""


def produce(
    url: str,
    topic: str,
    key: bytes | str | None,
    value: bytes | None,
    headers: Mapping[str, bytes | str] | None = None,
    timeout_s: float = 30,
) -> None:
    """Write one message and wait until the broker has it."""
    produce_all(url, topic, [(key, value)], headers, timeout_s)


def produce_all(
    url: str,
    topic: str,
    pairs: Sequence[tuple[bytes | str | None, bytes | None]],
    headers: Mapping[str, bytes | str] | None = None,
    timeout_s: float = 60,
) -> None:
    """Write messages, given as (key, value), in order, and wait until the broker has them all."""
    refused: list[KafkaError] = []
    client = producer(url)

    def delivered(error: KafkaError | None, _: Message) -> None:
        refused.extend([error] if error else [])

    for key, value in pairs:
        client.produce(topic, value, key, headers=dict(headers or {}), on_delivery=delivered)
        client.poll(0)
    left = client.flush(timeout_s)
    assert not left, f"Expected {len(pairs)} messages on {topic} at {url} within {timeout_s} s, {left} are not there"
    assert not refused, f"Expected {topic} at {url} to take all messages, got {refused[0]}"


def consume(
    url: str,
    topic: str,
    wanted: int | Callable[[list[Message]], bool],
    timeout_s: float = 60,
) -> list[Message]:
    """The messages of a topic from its beginning: so many, or until `wanted(messages)` is true.

    In order within a partition. Fails with what has come by then.
    """
    enough = wanted if callable(wanted) else lambda messages: len(messages) >= wanted
    messages: list[Message] = []
    reader = _reader(url, topic, timeout_s)
    end = time.monotonic() + timeout_s
    try:
        while not enough(messages):
            assert time.monotonic() < end, _late(wanted, topic, timeout_s, messages)
            messages += filter(_is_message, reader.consume(500, timeout=0.1))
    finally:
        reader.close()
    return messages


@contextmanager
def own_topics(url: str) -> Iterator[None]:
    """What comes to be on a broker within the block, topics and groups, is gone after it.

    One such block at a time: tests that run side by side may have been given the same broker.
    """
    admin = AdminClient({"bootstrap.servers": url, "log_level": 0})
    with (Path(tempfile.gettempdir()) / f"imagebus-tests-{url.replace(':', '-')}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        topics, groups = _topics(admin), _consumer_groups(admin)
        yield
        _delete(admin, _topics(admin) - topics, _consumer_groups(admin) - groups)
        wait_until(lambda: _topics(admin) <= topics, 30, f"a broker at {url} without the topics of these tests")


def _topics(admin: AdminClient) -> set[str]:
    return {name for name in admin.list_topics(timeout=10).topics if not name.startswith("__")}


def _consumer_groups(admin: AdminClient) -> set[str]:
    return {group.group_id for group in admin.list_consumer_groups().result().valid}


def _delete(admin: AdminClient, topics: set[str], groups: set[str]) -> None:
    for deleted in admin.delete_topics([*topics]).values() if topics else ():
        deleted.result()
    for left in admin.delete_consumer_groups([*groups]).values() if groups else ():
        # Members that were killed stay until their session ends; what was committed goes with the topics.
        with suppress(KafkaException):
            left.result()


def offsets(url: str, topic: str) -> dict[int, tuple[int, int]]:
    """First and next offset of each partition."""
    reader = Consumer({"bootstrap.servers": url, "group.id": f"test-{next(_groups)}", "log_level": 0})
    try:
        partitions = reader.list_topics(topic, timeout=10).topics[topic].partitions
        return {p: wait_until(lambda p=p: _marks(reader, topic, p), 30, f"offsets of {topic}/{p}") for p in partitions}
    finally:
        reader.close()


def length(url: str, topic: str) -> int:
    """How many messages a topic holds."""
    return sum(high - low for low, high in offsets(url, topic).values())


def _reader(url: str, topic: str, timeout_s: float) -> Consumer:
    reader = Consumer(
        {
            "bootstrap.servers": url,
            "group.id": f"test-{next(_groups)}",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "log_level": 0,
            "fetch.message.max.bytes": _SIZES["message.max.bytes"],
        }
    )
    partitions = wait_until(lambda: _partitions(reader, topic), timeout_s, f"a topic {topic} at {url}")
    # Assigned by hand: no group has to form first.
    reader.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    return reader


def _partitions(reader: Consumer, topic: str) -> list[int]:
    try:
        return list(reader.list_topics(topic, timeout=5).topics[topic].partitions)
    except KafkaException:
        return []


def _marks(reader: Consumer, topic: str, partition: int) -> tuple[int, int] | None:
    """None while the partition, just made, has no leader yet."""
    try:
        marks: tuple[int, int] = reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
    except KafkaException:
        return None
    return marks


def _is_message(message: Message) -> bool:
    error = message.error()
    if error is None or error.code() in _PASSING:
        return error is None
    raise KafkaException(error)


def _late(wanted: object, topic: str, timeout_s: float, messages: Sequence[Message]) -> str:
    shown = f"{wanted} messages" if isinstance(wanted, int) else "the messages wanted"
    return f"Expected {shown} on {topic} within {timeout_s} s, got {len(messages)}"
