"""Topics on the broker: make those of a chain, list what is there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata, NewTopic  # type: ignore[attr-defined]

from functions.errors import UsageError
from streams.chain import Chain
from streams.settings import Settings

TOPIC_BYTES = 4 * 1024 * 1024
DEAD_LETTER_BYTES = 5 * 1024 * 1024
# Kafka refuses a record larger than a segment, and cuts a topic by size only at the ends of segments.
_SEGMENT_BYTES = 8 * 1024 * 1024
_TIMEOUT_S = 10.0


class BusError(UsageError):
    """The broker cannot be reached or refuses; the text says what to do."""


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


def admin(settings: Settings) -> AdminClient:
    """A client for topics and offsets; it says nothing by itself."""
    return AdminClient({"bootstrap.servers": settings.kafka_url, "log_level": 0})


def is_embedded(cluster: ClusterMetadata) -> bool:
    """Whether this is the embedded broker, the only one without a controller among its nodes."""
    return cluster.controller_id not in cluster.brokers


def make(client: AdminClient, plans: Iterable[TopicPlan]) -> list[str]:
    """Make the topics that are not there yet and give back their names. Raises BusError; blocks up to 20 s."""
    try:
        there = client.list_topics(timeout=_TIMEOUT_S)
        missing = [wanted for wanted in plans if wanted.name not in there.topics]
        if is_embedded(there):  # makes a topic when it is asked for
            for wanted in missing:
                client.list_topics(wanted.name, timeout=_TIMEOUT_S)
        elif missing:
            _create(client, missing)
    except KafkaException as error:
        raise BusError(f"Topics cannot be made: {error.args[0].str()}") from None
    return [wanted.name for wanted in missing]


def why_missing(client: AdminClient, names: Iterable[str]) -> str:
    """Why a consumer holds no partitions of these topics, as far as the broker says; blocks up to 10 s a topic."""
    return "; ".join(_why_missing(client, name) for name in sorted(names))


def _why_missing(client: AdminClient, name: str) -> str:
    try:
        error = client.list_topics(name, timeout=_TIMEOUT_S).topics[name].error
    except KafkaException as failure:
        error = failure.args[0]
    return f"holds no partition of {name}: {error.str() if error else 'others hold them all, or it is refused'}"


def _create(client: AdminClient, plans: Iterable[TopicPlan]) -> None:
    topics = [NewTopic(p.name, p.partitions, p.replication, config=p.config) for p in plans]
    for name, done in client.create_topics(topics, request_timeout=_TIMEOUT_S).items():
        try:
            done.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another worker was faster
                raise BusError(f"Topic {name} cannot be made: {error.args[0].str()}") from None
