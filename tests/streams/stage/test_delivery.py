"""Whatever order records are done in, results and acks keep theirs; what is not on the bus is not acked."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from streams.runtime.errors import Exhausted, Stopped
from streams.runtime.metrics import DeadSources
from streams.runtime.poison_records import PoisonRecords
from streams.stage.handler import Outcome, Stage
from tests.streams.delivering import TOPICS, WINDOW, Delivering, frame
from tests.streams.stage.stages import Arrived
from tests.wait import others_turn, wait_until_async


class Chance:
    """A stage and a bus that take as long as the dice say."""

    work = SimpleNamespace(stage="mine", window_s=None)

    def __init__(self, dice: random.Random) -> None:
        self.suspects = PoisonRecords()
        self.dead_letters = DeadSources(8)
        self.sent: dict[bytes | None, list[bytes]] = defaultdict(list)
        self.arrived: set[bytes] = set()
        self._dice = dice

    async def outcome(self, message: Arrived, is_surplus: Callable[[], bool]) -> Outcome:
        await self._a_while()
        value = message.value or b""
        return self._dice.choice((Outcome((value,)), Outcome((value, value)), Outcome(reason="no"), Outcome()))

    async def send(self, topic: str, key: bytes, value: bytes, headers: dict[str, bytes]) -> Awaitable[None]:
        self.sent[key].append(value)
        await self._a_while()
        return self._arrive(value)

    async def _arrive(self, value: bytes) -> None:
        await self._a_while()
        self.arrived.add(value)

    async def _a_while(self) -> None:
        for _ in range(self._dice.randrange(8)):
            await others_turn()


@pytest.mark.parametrize("seed", range(20))
async def test_in_whatever_order_records_are_done_results_and_acks_are_in_theirs(seed: int) -> None:
    dice = random.Random(seed)
    chance = Chance(dice)
    waiting = [
        Arrived(b"%03d" % n, b"%d" % (source := dice.randrange(6)), partition=source % 3, offset=n) for n in range(100)
    ]
    acked: list[Arrived] = []

    def ack(message: Arrived) -> None:
        sent = message.value in chance.sent[message.key]
        assert sent <= (message.value in chance.arrived), f"Expected {message.value!r} to have arrived"
        acked.append(message)

    async def consumed() -> AsyncIterator[Arrived]:
        for message in waiting:
            yield message
            await others_turn()
        await asyncio.Event().wait()

    delivery = Delivering(chance, chance.send, TOPICS, WINDOW, ack)  # type: ignore[arg-type]
    running = asyncio.create_task(delivery.run(consumed()))
    await wait_until_async(lambda: len(acked) == len(waiting) or running.done(), 30, "all acked")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert len(acked) == len(waiting)
    for partition in range(3):
        offsets = [message.offset for message in acked if message.partition == partition]
        assert offsets == [message.offset for message in waiting if message.partition == partition]
    assert all(values == sorted(values) for values in chance.sent.values())


async def test_a_send_that_is_cancelled_ends_the_delivery_with_nothing_acked(stage: Stage) -> None:
    acked: list[Arrived] = []

    async def cancelled(*_: object) -> Awaitable[Any]:
        sending: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sending.cancel()
        return sending

    async def consumed() -> AsyncIterator[Arrived]:
        yield frame(0, "door", 0, live=False)

    delivery = Delivering(stage, cancelled, TOPICS, WINDOW, acked.append)
    with pytest.raises(Stopped, match="was cancelled while it wrote its output"):
        await asyncio.wait_for(delivery.run(consumed()), 30)
    assert not acked


class Hanging:
    """A stage whose threads all hang: what it gives up, in the order in which their time is up; the last says so."""

    work = SimpleNamespace(stage="mine", window_s=None)

    def __init__(self, given_up: list[bytes]) -> None:
        self.suspects = PoisonRecords()
        self.dead_letters = DeadSources(8)
        self._given_up = given_up
        self._next = 0

    async def outcome(self, message: Arrived, is_surplus: Callable[[], bool]) -> Outcome:
        value = message.value or b""
        if value not in self._given_up:
            await asyncio.Event().wait()
        await wait_until_async(lambda: self._given_up[self._next] == value, 30, "its turn")
        self._next += 1
        return Outcome(reason="hangs", last="all hang" if self._next == len(self._given_up) else "")


@pytest.mark.parametrize("given_up", [[b"0", b"1"], [b"1", b"0"]])
async def test_when_no_thread_is_left_all_that_was_given_up_is_acked_first(given_up: list[bytes]) -> None:
    assert await _acked_by_a_last_one(given_up, [b"0", b"1", b"2"]) == [b"0", b"1"]


async def test_when_no_thread_is_left_a_record_that_none_will_do_is_not_waited_for() -> None:
    assert await _acked_by_a_last_one([b"0", b"2"], [b"0", b"1", b"2"]) == [b"0"]


async def _acked_by_a_last_one(given_up: list[bytes], values: list[bytes]) -> list[bytes | None]:
    acked: list[bytes | None] = []

    async def arrive(turns: int) -> None:
        for _ in range(turns):
            await others_turn()

    async def send(topic: str, key: bytes, value: bytes, headers: dict[str, bytes]) -> Awaitable[None]:
        return arrive(10 * int(headers["offset"]))  # the first at once, the next while an end could come of it

    async def consumed() -> AsyncIterator[Arrived]:
        for offset, value in enumerate(values):
            yield Arrived(value, b"door", offset=offset)
        await asyncio.Event().wait()

    def ack(message: Arrived) -> None:
        acked.append(message.value)

    delivery = Delivering(Hanging(given_up), send, TOPICS, WINDOW, ack)  # type: ignore[arg-type]
    with pytest.raises(Exhausted, match="all hang"):
        await asyncio.wait_for(delivery.run(consumed()), 30)
    return acked
