"""Faust's producer on librdkafka: it needs a fraction of the CPU that aiokafka's does, outside the GIL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from functools import partial
from typing import Any, cast

import aiokafka.errors
import confluent_kafka
from confluent_kafka import KafkaException
from faust.exceptions import ProducerSendError
from faust.transport import base
from faust.types import TP, RecordMetadata

from streams.kafka.partitioner import PARTITIONER

_ANY_PARTITION = -1
# Between two looks for delivery reports while any is due. A look at every record would let go of the interpreter, and
# wait for the thread that took it.
_LOOK_S = 0.01
# So long a producer that stops waits for librdkafka to give back what it was writing.
_PURGE_S = 2.0
# A topic that brokers do not know yet, since they have just started, is waited for.
_UNKNOWN_TOPIC_MS = 3_600_000


class Producer(base.Producer):
    """Writes the records of a Faust app, those of one key in order. Knows no transactions, and makes no topics.

    One that was refused a record, but for its size, takes no more until it starts anew: those behind it would pass it.

    Delivery reports are taken on the event loop. A thread that waits for them would be woken, and would wake the loop,
    for each; and inside librdkafka when the interpreter ends, it would keep the process from ending.
    """

    app: Any  # a BusApp, which says how librdkafka connects
    mundane_level = "debug"

    def __init__(self, *of: Any, **options: Any) -> None:
        super().__init__(*of, **options)
        self._sending: set[asyncio.Future[RecordMetadata]] = set()  # also of one that is flushed and never started
        self._next_look: asyncio.TimerHandle | None = None
        self._refusal: aiokafka.errors.KafkaError | None = None

    async def on_start(self) -> None:
        """Connect; brokers that are away are waited for."""
        await super().on_start()
        self._refusal = None
        self._client = confluent_kafka.Producer(
            {
                **self.app.librdkafka,
                "client.id": self.client_id,
                "partitioner": PARTITIONER,
                "acks": "all",
                # None out of order when the broker goes and comes back; meanwhile they wait for it.
                "max.in.flight.requests.per.connection": 1,
                "message.timeout.ms": 0,
                "topic.metadata.propagation.max.ms": _UNKNOWN_TOPIC_MS,
                "message.max.bytes": self.max_request_size,
                "linger.ms": 0,
                "log_level": 0,
            }
        )

    async def on_stop(self) -> None:
        """Disconnect; what is not on the bus yet is dropped."""
        await super().on_stop()
        self._sending.clear()
        self._client.purge(blocking=False)  # a blocking one waits for connections to brokers that are away
        end = self.loop.time() + _PURGE_S
        while len(self._client) and self.loop.time() < end:
            self._client.poll(0)  # what it holds of those that are dropped, this producer among it, goes
            await asyncio.sleep(_LOOK_S)

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: Any,
        *,
        transactional_id: str | None = None,
    ) -> Awaitable[RecordMetadata]:
        """Hand over a record; what it gives back is done once the broker has it. Raises ProducerSendError."""
        if self.should_stop:  # behind one that is dropped it would be out of order
            raise ProducerSendError("The producer has stopped")
        if self._refusal:
            raise ProducerSendError(self._refusal)
        sending: asyncio.Future[RecordMetadata] = self.loop.create_future()
        try:
            self._client.produce(
                topic,
                value,
                key,
                _ANY_PARTITION if partition is None else partition,
                partial(self._settle, sending),
                timestamp=int(1000 * (timestamp or 0)),
                headers=list(headers.items()) if isinstance(headers, Mapping) else headers or [],
            )
        except KafkaException as error:
            raise ProducerSendError(_in_words_of_aiokafka(error.args[0])) from None
        self._sending.add(sending)
        if not self._next_look:
            self._look_later()
        return sending

    async def send_and_wait(self, *record: Any, **more: Any) -> RecordMetadata:
        """Hand over a record and wait until the broker has it."""
        return await (await self.send(*record, **more))

    async def flush(self) -> None:
        """Wait until the broker has what was handed over, or has refused it."""
        await self.buffer.flush()
        if self._sending:
            await asyncio.wait(self._sending)

    def supports_headers(self) -> bool:
        """Whether records may have headers."""
        return True

    def _look(self) -> None:
        self._next_look = None
        self._client.poll(0)
        if self._sending:
            self._look_later()

    def _look_later(self) -> None:
        self._next_look = self.loop.call_later(_LOOK_S, self._look)

    def _settle(
        self,
        sending: asyncio.Future[RecordMetadata],
        error: confluent_kafka.KafkaError | None,
        message: confluent_kafka.Message,
    ) -> None:
        if sending not in self._sending:
            return  # dropped, by a producer that has stopped
        self._sending.remove(sending)
        refusal = self._refused(error) if error is not None else None
        if sending.done():
            return  # who waited for it was cancelled
        if refusal:
            sending.set_exception(refusal)
            return
        place = TP(cast(str, message.topic()), cast(int, message.partition()))
        sending.set_result(RecordMetadata(*place, place, cast(int, message.offset())))

    def _refused(self, error: confluent_kafka.KafkaError) -> aiokafka.errors.KafkaError:
        refusal = _in_words_of_aiokafka(error)
        if not isinstance(refusal, aiokafka.errors.MessageSizeTooLargeError):
            self._refusal = refusal
        return refusal


def _in_words_of_aiokafka(error: confluent_kafka.KafkaError) -> aiokafka.errors.KafkaError:
    """The same error as the rest of Faust's driver raises it; one of librdkafka's own has no class there."""
    if error.code() < 0:
        return aiokafka.errors.KafkaError(error.str())
    return aiokafka.errors.for_code(error.code())(error.str())
