"""Faust apps as every part of imagebus uses them: large records, low latency, short sessions."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from pathlib import Path
from typing import Any, cast

import aiokafka
import faust
from faust.transport.drivers import aiokafka as driver
from mode import loop

from streams.members import Membership
from streams.security import for_faust
from streams.settings import Settings
from streams.topics import DEAD_LETTER_BYTES

# A dead-letter record is the largest that travels; the rest is for keys and headers.
_REQUEST_BYTES = DEAD_LETTER_BYTES + 64 * 1024
_FETCH_WAIT_MS = 50
_PATIENCE_S = 2.0

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


class Consumer(driver.Consumer):
    """Faust's consumer; before partitions go or the app stops it waits `patience_s` for what is held, not longer."""

    mundane_level = "debug"
    patience_s = _PATIENCE_S

    def _new_consumer_thread(self) -> _ConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109
        # Faust sleeps a whole second while every buffer is full, and up to one for idle partitions beside a full one.
        if self.flow_active and not self.app.client_only and not self._get_active_partitions():
            await asyncio.sleep(0.01)
            return {}, set()
        return await super()._wait_next_records(min(timeout, 0.05))

    async def wait_empty(self) -> None:
        """Wait for what is held to be acked, and commit what is."""
        end = time.monotonic() + self.patience_s
        while self._unacked_messages and time.monotonic() < end:
            gc.collect()  # what was dropped from buffers counts as held until it is gone
            await self._wait_for_ack(timeout=0.1)
            self._clean_unacked_messages()
        await self.commit()


class _Transport(driver.Transport):
    Consumer = Consumer


class BusApp(faust.App):
    """A Faust app on the bus with its own consumer group, and no pages or tables of Faust's own."""

    mundane_level = "debug"

    def __init__(self, group: str, membership: Membership, **options: Any) -> None:
        self.membership = membership
        super().__init__(group, broker_client_id=membership.client_id, **options)

    def _new_transport(self) -> _Transport:
        return _Transport(self.conf.broker_consumer, self)


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
        topic_allow_declare=False,  # streams/topics.py has made them, with sizes and retention
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
