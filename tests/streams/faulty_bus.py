"""A bus on which one send goes wrong, in every way that a bus or its client knows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from aiokafka.errors import MessageSizeTooLargeError, TopicAuthorizationFailedError
from faust.exceptions import ProducerSendError

from tests.wait import others_turn


class Bus:
    """Keeps what is published by topic, and what it said has arrived; `fault` is what becomes of one send."""

    def __init__(self, fault: BusFault, at: int) -> None:
        self.published: list[tuple[str, bytes]] = []
        self.arrived = 0
        self.fault: BusFault | None = fault
        self._at = at

    async def send(self, topic: str, key: bytes | None, value: bytes, headers: dict[str, bytes]) -> Awaitable[Any]:
        self.published.append((topic, value))  # also what fails may have come there
        if self.fault and len(self.published) == self._at:
            return await self.fault()
        return _Arrival(self)


BusFault = Callable[[], Awaitable[Any]]


@dataclass
class _Arrival:
    """Counted once somebody waits for it."""

    bus: Bus

    def __await__(self) -> Iterator[Any]:
        yield from others_turn().__await__()
        self.bus.arrived += 1


@dataclass
class _Answer:
    """What the broker says instead, once somebody waits for it."""

    error: BaseException

    def __await__(self) -> Iterator[Any]:
        yield from others_turn().__await__()
        raise self.error


class _Never:
    def __await__(self) -> Iterator[Any]:
        return never().__await__()


async def never() -> None:
    await asyncio.Event().wait()


def _at_once(error: BaseException) -> BusFault:
    async def fault() -> Awaitable[Any]:
        raise error

    return fault


def _later(answer: Callable[[], Any]) -> BusFault:
    async def fault() -> Any:
        return answer()

    return fault


BUS_FAULTS: dict[str, BusFault] = {
    "refuses at once": _at_once(TopicAuthorizationFailedError()),
    "refuses later": _later(lambda: _Answer(TopicAuthorizationFailedError())),
    "is too small, it says at once": _at_once(MessageSizeTooLargeError()),
    "is too small, it says later": _later(lambda: _Answer(ProducerSendError(MessageSizeTooLargeError()))),
    "fails at once as nobody foresaw": _at_once(ZeroDivisionError()),
    "fails later as nobody foresaw": _later(lambda: _Answer(MemoryError())),
    "is cancelled at once": _at_once(asyncio.CancelledError()),
    "is cancelled later": _later(lambda: _Answer(asyncio.CancelledError())),
    "hangs at once": never,
    "hangs later": _later(_Never),
    "answers nothing": _later(lambda: None),
    "answers text": _later(lambda: "done"),
}
