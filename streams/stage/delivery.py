"""Delivery: many records in flight, results in order for each source, acks in order for each partition."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Coroutine
from contextlib import suppress
from typing import Any, Protocol

from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from faust.exceptions import ProducerSendError

from streams.runtime.errors import Exhausted, Stopped, as_stopped, dead_letter_headers
from streams.stage.flow_control import Event, FlowControl, InFlight, Place
from streams.stage.handler import Outcome, Stage
from streams.wire.reading import Message, redriven_mark

_AHEAD = 16
_LAST_S = 2.0  # for what is still to be acked when nothing more can be done


class Topic(Protocol):
    """Where records are written."""

    def send(self, *, key: bytes | None, value: bytes, headers: dict[str, bytes]) -> Awaitable[Awaitable[Any]]:
        """Hand one over; what it gives back is done once the broker has the record."""


class Delivery:
    """Passes a stream's records through a stage; none is acked before its result is on the bus.

    Backpressure: `is_full` says of which partitions no more should be fetched now.
    """

    def __init__(self, stage: Stage, results: Topic, dead_letters: Topic, window: int) -> None:
        self._stage, self._results, self._dead_letters = stage, results, dead_letters
        # One that looks ahead has to hold all frames of the window of all sources.
        self._window = window * (_AHEAD if stage.work.window_s else 1)
        self._failure: asyncio.Future[None]
        self._begin_anew()

    def is_full(self, place: Place) -> bool:
        """Whether a partition has its share of the room, twice `window` records."""
        return self._room.is_full(place)

    async def run(self, events: AsyncIterable[Event]) -> None:
        """Run until cancelled. Raises Stopped; then nothing is acked that was neither published nor dead-lettered."""
        self._begin_anew()
        failure = self._failure = asyncio.get_running_loop().create_future()
        self._start(self._take(events))
        try:
            await failure
        finally:
            failure.cancel()  # tasks that end from now on have nobody to tell
            for task in self._tasks:
                task.cancel()

    def _begin_anew(self) -> None:
        self._room = FlowControl(2 * self._window)
        self._newest: dict[bytes | None, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task, tasks, failure = asyncio.create_task(work), self._tasks, self._failure
        tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            tasks.discard(task)
            error = Stopped("was cancelled while it wrote its output") if task.cancelled() else task.exception()
            if error and not failure.done():
                failure.set_exception(as_stopped(error))

        task.add_done_callback(ended)

    async def _take(self, events: AsyncIterable[Event]) -> None:
        async for event in events:
            held = InFlight(event)
            self._room.enter(held)
            self._room.shed_load(held.place)
            before = self._newest.get(held.message.key)
            self._newest[held.message.key] = held.sent
            self._start(self._answered_for(held, before))

    async def _answered_for(self, held: InFlight, before: asyncio.Event | None) -> None:
        with self._stage.suspects.answering_for(held.message):
            await self._pass(held, before)

    async def _pass(self, held: InFlight, before: asyncio.Event | None) -> None:
        """One record, from its outcome to its ack; `before` is set when the record before it of its source is sent."""
        outcome = await self._stage.outcome(held.message, lambda: held.surplus)
        held.is_done = True
        if outcome.last:
            self._start(self._give_up(outcome.last))
        if before:
            await before.wait()
        sendings = await self._send_off(held.message, outcome)
        held.sent.set()
        if self._newest.get(held.message.key) is held.sent:
            del self._newest[held.message.key]
        for sending in sendings:
            await self._arrived(held.message, sending)
        held.settled.set()
        # In order: Faust commits the first run of consecutive acks, wherever it begins.
        for settled in self._room.leave(held.place):
            settled.event.ack()

    async def _give_up(self, why: str) -> None:
        """Ack what has an outcome, so that the next process does not meet it again, then raise Exhausted.

        For a bounded time: one behind a record that has no outcome is never acked.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_S):
                for held in self._room.done():
                    await held.settled.wait()
        raise Exhausted(why)

    async def _send_off(self, message: Message, outcome: Outcome) -> list[Awaitable[Any]]:
        try:
            if outcome.reason:
                return [await self._dead_letter(message, outcome.reason, message.value or b"")]
            mark = redriven_mark(message.headers)
            return [await self._results.send(key=message.key, value=value, headers=mark) for value in outcome.results]
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
        self._stage.dead_letters.add(message.key)
        headers = dead_letter_headers(self._stage.work.stage, message, reason)
        return await self._dead_letters.send(key=message.key, value=value, headers=headers)
