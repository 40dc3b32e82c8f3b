"""Start a producer and read what it sent, with a reader that knows the wire format only by its page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import msgpack
from confluent_kafka import Message

from tests.bus import consume
from tests.processes import IMAGEBUS, Process

TOPIC = "SOURCE_FRAME"


def producer(url: str, *arguments: object, env: Mapping[str, str] | None = None) -> Process:
    """`imagebus produce` with these arguments, on the broker at url."""
    return Process([*IMAGEBUS, "produce", *map(str, arguments)], env={"KAFKA_URL": url, **(env or {})})


def produced(
    url: str, *arguments: object, env: Mapping[str, str] | None = None, timeout_s: float = 60, code: int = 0
) -> str:
    """Run a producer to its end, which must be good unless another exit code is expected; all it said."""
    with producer(url, *arguments, env=env) as process:
        assert process.wait(timeout_s) == code, process.tail()
        return process.text


def frames(url: str, topic: str, wanted: int | Callable[[list[Message]], bool], timeout_s: float = 30) -> list[Any]:
    """The first records of a topic, as maps."""
    records = [msgpack.unpackb(message.value()) for message in consume(url, topic, wanted, timeout_s)]
    return records[:wanted] if isinstance(wanted, int) else records


def doubled(records: list[Any]) -> list[str]:
    """Ids that came more than once."""
    return [frame_id for frame_id, times in Counter(record["id"] for record in records).items() if times > 1]
