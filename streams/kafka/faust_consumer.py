"""Faust's consumer as every app uses it: low latency, backpressure by partition, and few tasks for each record."""

from __future__ import annotations

import asyncio
import gc
import time
from typing import Any, cast

import aiokafka
from aiokafka.errors import ConsumerStoppedError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, Message
from mode.types import ServiceT

from streams.kafka.fetcher import Positions, RecordFetcher

_PATIENCE_S = 2.0
# At most so long a look for records takes; within it partitions that are full are looked at again.
_FETCH_S, _LOOK_S = 0.05, 0.01


class _ConsumerThread(driver.AIOKafkaConsumerThread):
    app: Any  # a BusApp, which knows who is a member of its group
    mundane_level = "debug"
    records: RecordFetcher | None = None

    async def on_start(self) -> None:
        """Start the consumer, and see to those of its group who are dead."""
        await super().on_start()
        consumer = self._ensure_consumer()
        await consumer._fetcher.close()
        consumer._fetcher = Positions(consumer)
        self.records = RecordFetcher(consumer._fetcher, self.app.librdkafka, self.app.conf.id)
        self.add_future(self.app.membership.sign_off_dead(consumer._client, self.app.conf.id))

    async def on_thread_stop(self) -> None:
        """Stop the consumer: aiokafka awaits requests that it has cancelled, and some that wait for a retry say so.

        That would end the thread without a word to those who wait for it.
        """
        if self.records:
            self.records.close()
        try:
            await super().on_thread_stop()
        except asyncio.CancelledError:
            await cast(aiokafka.AIOKafkaConsumer, self._consumer)._client.close()
        self.app.membership.end()

    async def getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109
        """Fetch, in the event loop of who asks: this thread is for what goes on beside."""
        consumer = self._ensure_consumer()
        if consumer._closed or self.records is None:
            raise ConsumerStoppedError
        with consumer._subscription.fetch_context():
            return await self.records.fetch(active_partitions or (), consumer._max_poll_records, timeout)


class Consumer(driver.Consumer):
    """Faust's consumer; before partitions go or the app stops it waits `patience_s` for what is held, not longer."""

    app: Any  # a BusApp, which knows which partitions are full
    mundane_level = "debug"
    patience_s = _PATIENCE_S

    def _new_consumer_thread(self) -> _ConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _drain_messages(self, fetcher: ServiceT) -> None:
        """Hand what is fetched to the streams: Faust's own loop makes five tasks for each record."""
        ended: tuple[type[BaseException], ...] = (*self.consumer_stopped_errors, asyncio.CancelledError)
        try:
            while not (self.should_stop or fetcher.should_stop):
                async for tp, message in self.getmany(timeout=_FETCH_S):
                    await self._read(tp, message)
                    await asyncio.sleep(0)  # for the stream to take it: more than one may be there at once
        except ended:
            if not self.app.should_stop:
                raise

    async def _read(self, tp: TP, message: Message) -> None:
        last = self._read_offset[tp]
        if last is not None and message.offset < last:
            return
        if last and message.offset > last + 1 and self.app.topics.acks_enabled_for(message.topic):
            await self._add_gap(tp, last + 1, message.offset)
        if self._may_wait(tp):  # not past the end of the flow: then it is to be read again
            await self.wait_first(self.callback(message), self.suspend_flow.wait())
        else:
            await self.callback(message)
        self._read_offset[tp] = message.offset

    def _may_wait(self, tp: TP) -> bool:
        """Whether a record may have to wait for the flow, for what tables are about to write, or for a stream."""
        if not self.app.flow_control.is_active() or self.app.producer.buffer.size:
            return True
        return any(topic.queue.full() for topic in self.app.topics._tp_index[tp])

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109
        # Faust sleeps a whole second while every buffer is full, and up to one for idle partitions beside a full one.
        if self.flow_active and not self.app.client_only and not self._get_active_partitions():
            await asyncio.sleep(_LOOK_S)
            return {}, set()
        return await super()._wait_next_records(timeout)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109
        if active_partitions is None:
            return await super()._getmany(None, timeout)
        # Not by pause_partitions: Faust then drops what it has fetched, and takes it for acked.
        is_full = self.app.is_full
        end = time.monotonic() + timeout
        while not (ready := {tp for tp in active_partitions if not is_full(tp)}):
            if not self.flow_active or time.monotonic() > end:
                return {}
            await asyncio.sleep(_LOOK_S)
        return await super()._getmany(ready, timeout if len(ready) == len(active_partitions) else _LOOK_S)

    async def verify_all_partitions_active(self) -> None:
        """Leave partitions to `streams.runtime.lag.Liveness`: Faust's own check ends the app that it checks.

        It reads the position of each, and there is none while aiokafka moves on from records that have expired unread.
        """

    def next_offset(self, tp: TP) -> int | None:
        """Which record is read next, None where the partition is not read yet; asks nobody."""
        records = cast(_ConsumerThread, self._thread).records
        return records.next_offset(tp) if records else None

    async def position(self, tp: TP) -> int | None:
        """Which record is read next: aiokafka knows only where reading began."""
        return self.next_offset(tp)

    async def wait_empty(self) -> None:
        """Wait for what is held to be acked, and commit what is."""
        end = time.monotonic() + self.patience_s
        while self._unacked_messages and time.monotonic() < end:
            gc.collect()  # what was dropped from buffers counts as held until it is gone
            await self._wait_for_ack(timeout=0.1)
            self._clean_unacked_messages()
        await self.commit()
