"""Delivery: many messages at work at once, published and acked in the order in which they came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable
from typing import Any, Generic, TypeVar

from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from faust.exceptions import ProducerSendError

from streams.stage import Message, Outcome, Stage

E = TypeVar("E")
Send = Callable[[str, bytes | None, bytes, dict[str, bytes]], Awaitable[Awaitable[Any]]]


class Stopped(Exception):
    """The bus refuses, so that no other record would fare better; what is unacked comes again."""


class Spent(Stopped):
    """No thread of the stage, or no memory, is left to work with; only a new process helps."""


class Delivery(Generic[E]):
    """Passes events through a stage: at most twice `window` are held, none is acked before its result is on the bus.

    `send` gives back an awaitable that is done once the broker has the record.
    """

    def __init__(
        self,
        stage: Stage,
        send: Send,
        topics: tuple[str, str],
        window: int,
        message_of: Callable[[E], Message],
        ack: Callable[[E], Awaitable[object]],
    ) -> None:
        self._stage, self._send, self._message_of, self._ack = stage, send, message_of, ack
        self._output, self._dead_letters = topics
        self._working: asyncio.Queue[tuple[E, asyncio.Task[Outcome]]] = asyncio.Queue(window)
        self._sent: asyncio.Queue[tuple[E, Outcome, list[Awaitable[Any]]]] = asyncio.Queue(window)

    async def run(self, events: AsyncIterable[E]) -> None:
        """Until cancelled. Raises Stopped, with nothing acked that was neither published nor dead-lettered."""
        tasks = [asyncio.create_task(each) for each in (self._take(events), self._publish(), self._settle())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            while not self._working.empty():
                self._working.get_nowait()[1].cancel()

    async def _take(self, events: AsyncIterable[E]) -> None:
        async for event in events:
            task = asyncio.create_task(self._stage.outcome(self._message_of(event)))
            await self._working.put((event, task))

    async def _publish(self) -> None:
        while True:
            event, task = await self._working.get()
            outcome = await task
            await self._sent.put((event, outcome, await self._send_off(self._message_of(event), outcome)))

    async def _settle(self) -> None:
        while True:
            event, outcome, sendings = await self._sent.get()
            for sending in sendings:
                await self._arrived(self._message_of(event), sending)
            await self._ack(event)
            if outcome.last:
                raise Spent(outcome.last)

    async def _send_off(self, message: Message, outcome: Outcome) -> list[Awaitable[Any]]:
        try:
            if outcome.reason:
                return [await self._dead_letter(message, outcome.reason, message.value or b"")]
            return [await self._send(self._output, message.key, value, {}) for value in outcome.results]
        except (KafkaError, ProducerSendError) as error:
            return [await self._refused(message, error)]

    async def _arrived(self, message: Message, sending: Awaitable[Any]) -> None:
        try:
            await sending
        except (KafkaError, ProducerSendError) as error:
            await self._arrived(message, await self._refused(message, error))

    async def _refused(self, message: Message, error: Exception) -> Awaitable[Any]:
        """A dead letter for a record that is too large for the bus. Raises Stopped for any other refusal."""
        causes = (error, error.__cause__, *error.args)
        if not any(isinstance(cause, MessageSizeTooLargeError) for cause in causes):
            raise Stopped(f"cannot write its output: {error!r}") from error
        # Without its value, which may be what is too large: a dead letter of a dead letter has no end.
        size = len(message.value or b"")
        return await self._dead_letter(message, f"Expected a record that fits the topic, got one of {size} bytes", b"")

    async def _dead_letter(self, message: Message, reason: str, value: bytes) -> Awaitable[Any]:
        headers = dead_letter_headers(self._stage.work.stage, message, reason)
        return await self._send(self._dead_letters, message.key, value, headers)


def dead_letter_headers(stage: str, message: Message, reason: str) -> dict[str, bytes]:
    """What stands beside a record that was given up."""
    return {
        "reason": reason.encode(),
        "stage": stage.encode(),
        "topic": message.topic.encode(),
        "partition": str(message.partition).encode(),
        "offset": str(message.offset).encode(),
    }


async def until_stopped(work: Awaitable[None], refused: Callable[[Stopped], None]) -> None:
    """An agent's work, which never ends: what the bus refuses is told."""
    try:
        await work
    except Stopped as error:
        refused(error)
        await asyncio.Event().wait()  # Faust starts an agent that ended again, and it would go on
