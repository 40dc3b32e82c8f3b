"""Faust apps as every part of imagebus uses them: large records, low latency, short sessions."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import aiokafka
import faust
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode import loop

from streams.kafka.security import for_faust
from streams.kafka.topics import DEAD_LETTER_BYTES
from streams.runtime.membership import Membership
from streams.settings import Settings

# A dead-letter record is the largest that travels; the rest is for keys and headers.
_REQUEST_BYTES = DEAD_LETTER_BYTES + 64 * 1024
# How long brokers wait for a record where there is none; less while a partition rests, for it cannot be asked for then.
_FETCH_WAIT_MS, _RESTING_WAIT_MS = 50, 10
_PATIENCE_S = 2.0
_LOOK_S = 0.01

# A tenth less CPU for a stage that does nothing.
loop.use("uvloop")

# Faust tells of every service that starts and stops, a hundred lines a stage.
for noisy in ("faust", "mode"):
    logging.getLogger(noisy).setLevel(logging.WARNING)
# While a broker is away aiokafka logs every attempt, thousands a second.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


class _ConsumerThread(driver.AIOKafkaConsumerThread):
    app: BusApp
    mundane_level = "debug"

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Faust asks brokers to wait 1.5 s for more; the embedded broker does so even when it has records.
        consumer._fetch_max_wait_ms = _FETCH_WAIT_MS
        return consumer

    async def on_start(self) -> None:
        """Start the consumer, and see to those of its group who are dead."""
        await super().on_start()
        client = cast(aiokafka.AIOKafkaConsumer, self._consumer)._client
        self.add_future(self.app.membership.sign_off_dead(client, self.app.conf.id))

    async def on_thread_stop(self) -> None:
        """Stop the consumer: aiokafka awaits requests that it has cancelled, and some that wait for a retry say so.

        That would end the thread without a word to those who wait for it.
        """
        try:
            await super().on_thread_stop()
        except asyncio.CancelledError:
            await cast(aiokafka.AIOKafkaConsumer, self._consumer)._client.close()
        self.app.membership.end()

    async def _fetch_records(
        self, consumer: aiokafka.AIOKafkaConsumer, active_partitions: set[TP], *args: Any, **more: Any
    ) -> Any:
        fetcher = consumer._fetcher
        # What is there of a partition that rests would keep its broker from being asked for others' for 100 ms.
        resting = [result for tp, result in fetcher._records.items() if tp not in active_partitions]
        for result in resting:
            result._backoff = 0.0
        fetcher._fetch_max_wait_ms = _RESTING_WAIT_MS if resting else _FETCH_WAIT_MS
        if resting:
            fetcher._notify(fetcher._wait_consume_future)
        return await super()._fetch_records(consumer, active_partitions, *args, **more)


class Consumer(driver.Consumer):
    """Faust's consumer; before partitions go or the app stops it waits `patience_s` for what is held, not longer."""

    mundane_level = "debug"
    patience_s = _PATIENCE_S

    def _new_consumer_thread(self) -> _ConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109
        # Faust sleeps a whole second while every buffer is full, and up to one for idle partitions beside a full one.
        if self.flow_active and not self.app.client_only and not self._get_active_partitions():
            await asyncio.sleep(_LOOK_S)
            return {}, set()
        return await super()._wait_next_records(min(timeout, 0.05))

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109
        if active_partitions is None:
            return await super()._getmany(None, timeout)
        # Not by pause_partitions: Faust then drops what it has fetched, and takes it for acked.
        is_full = cast(BusApp, self.app).is_full
        ready = {tp for tp in active_partitions if not is_full(tp)}
        if not ready:
            await asyncio.sleep(_LOOK_S)
            return {}
        return await super()._getmany(ready, timeout if len(ready) == len(active_partitions) else _LOOK_S)

    async def verify_all_partitions_active(self) -> None:
        """Leave partitions to `streams.runtime.lag.Liveness`: Faust's own check ends the app that it checks.

        It reads the position of each, and there is none while aiokafka moves on from records that have expired unread.
        """

    async def wait_empty(self) -> None:
        """Wait for what is held to be acked, and commit what is."""
        end = time.monotonic() + self.patience_s
        while self._unacked_messages and time.monotonic() < end:
            gc.collect()  # what was dropped from buffers counts as held until it is gone
            await self._wait_for_ack(timeout=0.1)
            self._clean_unacked_messages()
        await self.commit()


class Transport(driver.Transport):
    """Faust's transport with our consumer."""

    Consumer = Consumer


class BusApp(faust.App):
    """A Faust app on the bus with its own consumer group, and no pages or tables of Faust's own.

    While a partition `is_full` no more of it is fetched.
    """

    mundane_level = "debug"
    is_full: Callable[[TP], bool] = staticmethod(lambda tp: False)

    def __init__(self, group: str, membership: Membership, **options: Any) -> None:
        self.membership = membership
        super().__init__(group, broker_client_id=membership.client_id, **options)

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)


def bus_app(group: str, settings: Settings, kind: type[BusApp] = BusApp, **more: Any) -> BusApp:
    """An app whose id and consumer group is `group`."""
    own = folder(settings, group)
    return kind(
        group,
        Membership(own),
        broker=broker_urls(settings),
        broker_credentials=for_faust(settings),
        datadir=own,
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,  # streams/kafka/topics.py has made them, with sizes and retention
        topic_disable_leader=True,
        value_serializer="raw",
        key_serializer="raw",
        broker_session_timeout=6,
        broker_heartbeat_interval=1,
        broker_commit_interval=0.5,
        broker_max_poll_records=8,
        stream_buffer_maxsize=8,
        consumer_max_fetch_size=_REQUEST_BYTES,
        consumer_auto_offset_reset="earliest",
        producer_max_request_size=_REQUEST_BYTES,
        producer_max_batch_size=1024 * 1024,
        **more,
    )


def broker_urls(settings: Settings) -> list[str]:
    """The brokers as Faust names them."""
    return [f"kafka://{broker.strip()}" for broker in settings.kafka_url.split(",")]


def folder(settings: Settings, name: str) -> Path:
    """A folder of an app's own: Faust makes the last part of its path, but none above."""
    path = Path(settings.data_dir) / name
    path.mkdir(parents=True, exist_ok=True)
    return path
