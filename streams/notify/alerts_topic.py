"""The topic `ALERTS`: whatever the rules tell is written there, whoever else is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from mode import Service

from streams.kafka.security import for_librdkafka
from streams.notify.outbox import Outbox, Waiting
from streams.runtime.backoff import Backoff, jittered
from streams.settings import Settings
from streams.wire.alerts import ALERTS

log = logging.getLogger(__name__)

_AT_ONCE = 100
_ACKNOWLEDGED_S = 5.0
_FIRST_RETRY_S, _MOST_RETRY_S = 0.5, 30.0


class AlertsTopic(Service):
    """Writes the messages of one outbox to the topic, each under its id as the key."""

    mundane_level = "debug"

    def __init__(self, settings: Settings, outbox: Outbox) -> None:
        super().__init__()
        self._outbox = outbox
        self._backoff = Backoff(_FIRST_RETRY_S, _MOST_RETRY_S)
        self._client = Producer(
            {
                **for_librdkafka(settings),
                "acks": "all",
                "message.timeout.ms": int(_ACKNOWLEDGED_S * 1000),
                "linger.ms": 0,
                "log_level": 0,
            }
        )

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            waiting = await self._outbox.oldest(_AT_ONCE)
            errors = await asyncio.to_thread(self._write, waiting)
            for key in waiting.keys() - errors.keys():
                self._outbox.delivered(key)
            if errors:
                await self._wait(next(iter(errors.values())))
            else:
                self._backoff.succeeded()

    def _write(self, waiting: Mapping[str, Waiting]) -> dict[str, str]:
        """Write messages; of those that the broker has not taken, why."""
        errors: dict[str, str] = {}
        for key, each in waiting.items():

            def told(error: KafkaError | None, _: Message, key: str = key) -> None:
                if error:
                    errors[key] = error.str()

            try:
                self._client.produce(ALERTS, each.body, each.id, on_delivery=told)
            except (BufferError, KafkaException) as error:
                errors[key] = str(error)
        self._client.flush()
        return errors

    async def _wait(self, trouble: str) -> None:
        wait_s = jittered(self._backoff.failed())
        text = f"{ALERTS} takes no record, and is tried again in {wait_s:.0f} s: {trouble}"
        log.warning(text, extra={"fields": {"output": ALERTS, "reason": trouble}})
        await self.sleep(wait_s)
