"""Whatever order records are done in, results and acks keep theirs; what is not on the bus is not acked."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from streams.deliver import Delivery, Stopped
from streams.stage import Outcome, Stage
from tests.streams.delivering import TOPICS, WINDOW, frame, others_turn
from tests.streams.test_stage import Arrived
from tests.wait import wait_until_async


class Chance:
    """A stage and a bus that take as long as the dice say."""

    work = SimpleNamespace(stage="mine")

    def __init__(self, dice: random.Random) -> None:
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

    delivery = Delivery(chance, chance.send, TOPICS, WINDOW, lambda message: message, ack)  # type: ignore[arg-type]
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

    delivery = Delivery(stage, cancelled, TOPICS, WINDOW, lambda message: message, acked.append)
    with pytest.raises(Stopped, match="was cancelled while it wrote its output"):
        await asyncio.wait_for(delivery.run(consumed()), 30)
    assert not acked
