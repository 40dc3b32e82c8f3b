"""Topics on the broker: make those of a chain, list what is there."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata, NewTopic  # type: ignore[attr-defined]

from functions.core.errors import UsageError
from streams.chain.types import Chain
from streams.kafka.security import REFUSALS, for_librdkafka, what_to_do
from streams.settings import Settings

TOPIC_BYTES = 4 * 1024 * 1024
DEAD_LETTER_BYTES = 5 * 1024 * 1024
# Kafka refuses a record larger than a segment, and cuts a topic by size only at the ends of segments.
_SEGMENT_BYTES = 8 * 1024 * 1024
_TIMEOUT_S = 10.0
_FIRST_ASK_S = 1.5
_LOOK_S = 0.1


class BusError(UsageError):
    """The broker cannot be reached or refuses; the text says what to do."""


class Refused(BusError):
    """The broker is there and refuses this user or its certificate, or is not the one that is trusted."""


@dataclass(frozen=True)
class TopicPlan:
    """A topic as it should be made."""

    name: str
    partitions: int
    replication: int
    config: dict[str, str]


def plan(settings: Settings, chain: Chain, name: str) -> TopicPlan:
    """How a topic of this chain is made, dead-letter topics included."""
    own = chain.topics.get(name)
    dead = name.startswith("DEAD_")
    retention_s = (own and own.retention_s) or settings.retention_s
    return TopicPlan(
        name,
        partitions=1 if dead else (own and own.partitions) or settings.partitions,
        replication=settings.replication,
        config={
            "retention.ms": str(int(retention_s * 1000)),
            "retention.bytes": str(settings.retention_bytes),
            "segment.bytes": str(_SEGMENT_BYTES),
            "max.message.bytes": str(DEAD_LETTER_BYTES if dead else TOPIC_BYTES),
            # Capture times may be old: by Kafka's own clock nothing expires before it is read.
            "message.timestamp.type": "LogAppendTime",
            "compression.type": "uncompressed",
        },
    )


class _Admin(AdminClient):
    """A client that says when the broker refuses its user or its certificate, not only that nothing came back."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._refusal: KafkaError | None = None
        own: dict[str, Any] = {"error_cb": self._failed, "log_level": 0}
        super().__init__({**for_librdkafka(settings), **own})

    def list_topics(self, *args: Any, timeout: float = _TIMEOUT_S, **more: Any) -> ClusterMetadata:
        """As the client's own, and in less than `timeout` seconds where it is refused. Raises Refused."""
        end, patience_s = time.monotonic() + timeout, _FIRST_ASK_S
        while True:
            try:
                answer = super().list_topics(*args, timeout=min(patience_s, timeout), **more)
            except KafkaException:
                self.poll(0)
                if self._refusal:
                    raise Refused(what_to_do(self._settings, self._refusal)) from None
                if time.monotonic() >= end:
                    raise
                patience_s *= 2
            else:
                self._refusal = None
                return answer

    def _failed(self, error: KafkaError) -> None:
        self._refusal = error if error.code() in REFUSALS else self._refusal


def admin(settings: Settings) -> AdminClient:
    """A client for topics and offsets; it says nothing by itself. Raises SettingError."""
    return _Admin(settings)


def is_embedded(cluster: ClusterMetadata) -> bool:
    """Whether this is the embedded broker, the only one without a controller among its nodes."""
    return cluster.controller_id not in cluster.brokers


def make(client: AdminClient, plans: Iterable[TopicPlan]) -> list[str]:
    """Make the topics that are not there yet and give back their names. Raises BusError; blocks up to 30 s."""
    try:
        there = client.list_topics(timeout=_TIMEOUT_S)
        missing = [wanted for wanted in plans if wanted.name not in there.topics]
        if not is_embedded(there):
            if not missing:
                return []
            made = _create(client, missing)
            _wait_named(client, {wanted.name for wanted in missing})
            return made
        for wanted in missing:  # it makes a topic when it is asked for
            client.list_topics(wanted.name, timeout=_TIMEOUT_S)
    except KafkaException as error:
        raise BusError(f"Topics cannot be made: {error.args[0].str()}") from None
    return [wanted.name for wanted in missing]


def _wait_named(client: AdminClient, names: set[str]) -> None:
    """Until brokers name them: for minutes a consumer would not ask again for a topic of which it is told nothing."""
    end = time.monotonic() + _TIMEOUT_S
    while unheard := names - client.list_topics(timeout=_TIMEOUT_S).topics.keys():
        if time.monotonic() > end:
            raise BusError(f"expected a broker that names {', '.join(sorted(unheard))}, just made, got none")
        time.sleep(_LOOK_S)


def why_missing(client: AdminClient, names: Iterable[str]) -> str:
    """Why a consumer holds no partitions of these topics, as far as the broker says; blocks up to 10 s a topic."""
    return "; ".join(_why_missing(client, name) for name in sorted(names))


def _why_missing(client: AdminClient, name: str) -> str:
    try:
        error = client.list_topics(name, timeout=_TIMEOUT_S).topics[name].error
    except KafkaException as failure:
        error = failure.args[0]
    return f"holds no partition of {name}: {error.str() if error else 'others hold them all, or it is refused'}"


def _create(client: AdminClient, plans: Iterable[TopicPlan]) -> list[str]:
    made = []
    topics = [NewTopic(p.name, p.partitions, p.replication, config=p.config) for p in plans]
    for name, done in client.create_topics(topics, request_timeout=_TIMEOUT_S).items():
        try:
            done.result()
            made.append(name)
        except KafkaException as error:
            # Another worker was faster, or the broker that was asked had not heard of it yet.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise BusError(f"Topic {name} cannot be made: {error.args[0].str()}") from None
    return made
