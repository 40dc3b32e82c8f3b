"""What tests of a delivery share: where it writes, and what it reads."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from streams.stage.delivery import Delivery
from streams.stage.handler import Stage
from tests.streams import frames
from tests.streams.stage.stages import Arrived

WINDOW = 4
TOPICS = ("OUT", "DEAD")


@dataclass
class Written:
    """A topic, for a bus that is one function."""

    topic: str
    bus: Callable[[str, Any, bytes, dict[str, bytes]], Awaitable[Awaitable[Any]]]

    def send(self, *, key: bytes | None, value: bytes, headers: dict[str, bytes]) -> Awaitable[Awaitable[Any]]:
        return self.bus(self.topic, key, value, headers)


@dataclass
class Arrival:
    """An event of a stream, for a function that is told which message is acked."""

    message: Arrived
    acked: Callable[[Arrived], object]

    def ack(self) -> None:
        self.acked(self.message)


class Delivering(Delivery):
    """A delivery from messages onto a bus, without Faust."""

    def __init__(
        self, stage: Stage, bus: Any, topics: tuple[str, str], window: int, acked: Callable[[Arrived], object]
    ) -> None:
        results, dead_letters = (Written(topic, bus) for topic in topics)
        super().__init__(stage, results, dead_letters, window)
        self._acked = acked

    async def run(self, messages: AsyncIterable[Arrived]) -> None:  # type: ignore[override]
        await super().run(Arrival(message, self._acked) async for message in messages)


def frame(seq: int, source: str, partition: int, live: bool) -> Arrived:
    """A message of a source on a partition."""
    return Arrived(frames.record(seq, source, live), source.encode(), partition=partition, offset=seq)
