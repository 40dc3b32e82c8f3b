"""Faust apps as every part of imagebus uses them: large records, low latency, short sessions."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import faust
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, RecordMetadata
from mode import loop

from streams.kafka.faust_consumer import Consumer
from streams.kafka.faust_producer import Producer
from streams.kafka.security import for_faust, for_librdkafka
from streams.kafka.topics import DEAD_LETTER_BYTES
from streams.runtime.membership import Membership
from streams.settings import Settings

# A dead-letter record is the largest that travels; the rest is for keys and headers.
_REQUEST_BYTES = DEAD_LETTER_BYTES + 64 * 1024

# A tenth less CPU for a stage that does nothing.
loop.use("uvloop")

# Faust tells of every service that starts and stops, a hundred lines a stage.
for noisy in ("faust", "mode"):
    logging.getLogger(noisy).setLevel(logging.WARNING)
# While a broker is away aiokafka logs every attempt, thousands a second.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


class Transport(driver.Transport):
    """Faust's transport with our consumer and producer."""

    Consumer = Consumer
    Producer = Producer


class BusApp(faust.App):
    """A Faust app on the bus with its own consumer group, and no pages or tables of Faust's own.

    While a partition `is_full` no more of it is fetched.
    """

    mundane_level = "debug"
    is_full: Callable[[TP], bool] = staticmethod(lambda tp: False)

    def __init__(self, group: str, membership: Membership, librdkafka: dict[str, Any], **options: Any) -> None:
        self.membership, self.librdkafka = membership, librdkafka
        super().__init__(group, broker_client_id=membership.client_id, **options)

    def output(self, topic: str) -> Output:
        """A topic that this app writes to."""
        return Output(self, topic)

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)


class Output:
    """A topic that an app writes to: past Faust's, which logs every single record that brokers refuse."""

    def __init__(self, app: BusApp, topic: str) -> None:
        self._app, self._topic = app, topic

    async def send(
        self, *, key: bytes | None, value: bytes, headers: dict[str, bytes] | None
    ) -> Awaitable[RecordMetadata]:
        """Hand a record over; what it gives back is done once the broker has it. Raises ProducerSendError."""
        producer = await self._app.maybe_start_producer()
        sending: Awaitable[RecordMetadata] = await producer.send(self._topic, key, value, None, None, headers)
        return sending


def bus_app(group: str, settings: Settings, kind: type[BusApp] = BusApp, **more: Any) -> BusApp:
    """An app whose id and consumer group is `group`."""
    own = folder(settings, group)
    return kind(
        group,
        Membership(own),
        for_librdkafka(settings),
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
        consumer_auto_offset_reset="earliest",
        producer_max_request_size=_REQUEST_BYTES,
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
