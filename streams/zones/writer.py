"""Writes what people drew to the topic `ZONES`: all zones of one source in one record."""

from __future__ import annotations

from functools import cached_property
from threading import Lock
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from functions.core.errors import UsageError
from streams.chain.types import Chain
from streams.kafka import topics
from streams.kafka.security import for_librdkafka
from streams.kafka.topics import BusError
from streams.settings import Settings
from streams.wire import counts
from streams.wire.cameras import ZONES, DrawnZones
from streams.wire.reading import keyed

_ACKNOWLEDGED_S = 5.0
_NOT_ALLOWED = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED)


class MayNotWrite(UsageError):
    """This Kafka user may not write `ZONES`; the text says what to do."""


class _Written(NamedTuple):
    """A record as its readers get it."""

    key: bytes
    value: bytes


class ZonesWriter:
    """Writes to the topic, which it makes where it is not there; connects at the first record."""

    def __init__(self, settings: Settings, chain: Chain) -> None:
        self._settings, self._chain = settings, chain
        self._one_at_a_time = Lock()  # else the earlier of two could come last, and would hold

    def write(self, drawn: DrawnZones) -> None:
        """Back when the record is on the bus; blocks for some seconds at most.

        Raises RecordError for what no redactor would read, MayNotWrite where the bus refuses, BusError where it does
        not take the record in time.
        """
        written = _Written(drawn.source.encode(), counts.encode(drawn))
        keyed(written, DrawnZones)  # a record that redactors cannot read covers all of its source
        with self._one_at_a_time:
            if error := self._send(written):
                raise _as_refusal(error)

    def _send(self, written: _Written) -> KafkaError | None:
        """Why the broker has not taken a record, None where it has."""
        errors: list[KafkaError | None] = []

        def delivered(error: KafkaError | None, _: Message) -> None:
            errors.append(error)

        try:
            self._client.produce(ZONES, written.value, written.key, on_delivery=delivered)
            self._client.flush()
        except KafkaException as error:
            return error.args[0] if isinstance(error.args[0], KafkaError) else KafkaError(KafkaError._FAIL)
        return errors[0]

    @cached_property
    def _client(self) -> Producer:
        topics.make(topics.admin(self._settings), [topics.plan(self._settings, self._chain, ZONES)])
        return Producer(
            {
                **for_librdkafka(self._settings),
                "acks": "all",
                "message.timeout.ms": int(_ACKNOWLEDGED_S * 1000),
                "linger.ms": 0,
                "log_level": 0,
            }
        )


def _as_refusal(error: KafkaError) -> UsageError:
    if error.code() in _NOT_ALLOWED:
        return MayNotWrite(
            f"The Kafka user of this viewer may read {ZONES} and not write it: draw at a viewer whose user may write "
            "redacted topics"
        )
    return BusError(f"{ZONES} takes no record, so nothing was changed as far as is known: {error.str()}")
