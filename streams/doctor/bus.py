"""Checks of the broker."""

from __future__ import annotations

from collections.abc import Iterator

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata, ResourceType  # type: ignore[attr-defined]

from functions.core.errors import UsageError
from streams.chain.types import Chain
from streams.doctor.clock import broker_clock
from streams.doctor.finding import FAILURE, OK, WARNING, Finding
from streams.doctor.topics import chain_topics
from streams.kafka import topics
from streams.kafka.advertised import ADVICE, unreachable
from streams.kafka.topics import DEAD_LETTER_BYTES
from streams.settings import Settings

_TIMEOUT_S = 10.0


def bus(settings: Settings, chain: Chain | None) -> Iterator[Finding]:
    """All checks of the broker, from whether it answers on."""
    try:
        client = topics.admin(settings)
        cluster = client.list_topics(timeout=_TIMEOUT_S)
    except UsageError as error:  # authentication, TLS or the settings for them; the text says what to do
        yield Finding(FAILURE, "broker", f"{settings.kafka_url} refuses", str(error))
        return
    except KafkaException as error:
        yield Finding(
            FAILURE,
            "broker",
            f"nothing answers at {settings.kafka_url}: {error.args[0].str()}",
            "start Kafka (`docker compose up -d kafka`; to try things, `imagebus broker`), or name yours in KAFKA_URL",
        )
        return
    if topics.is_embedded(cluster):
        yield Finding(
            WARNING,
            "broker",
            f"{settings.kafka_url} is the embedded one: in memory, 5 MiB a partition",
            "for anything but a first look name a real Kafka in KAFKA_URL",
        )
        return
    lost = unreachable(cluster)
    for address, why in lost.items():
        yield Finding(
            FAILURE,
            "broker",
            f"{settings.kafka_url} answers and says that a broker is at {address}, which cannot be reached: {why}",
            ADVICE,
        )
    if lost:
        return
    yield Finding(OK, "broker", f"{settings.kafka_url} answers: {len(cluster.brokers)} of its brokers are there")
    try:
        yield from _limits(client, cluster, settings)
        yield from chain_topics(client, cluster, settings, chain)
        yield from broker_clock(client, settings)
    except KafkaException as error:
        yield Finding(WARNING, "broker", f"does not tell all: {error.args[0].str()}", "give this user DESCRIBE_CONFIGS")


def _limits(client: AdminClient, cluster: ClusterMetadata, settings: Settings) -> Iterator[Finding]:
    configs = topics.configs_of(client, ResourceType.BROKER, map(str, cluster.brokers))
    small = {name: config["message.max.bytes"] for name, config in configs.items()}
    small = {name: size for name, size in small.items() if int(size) < DEAD_LETTER_BYTES}
    for name, size in small.items():
        yield Finding(
            WARNING,
            "broker",
            f"broker {name} takes records of at most {size} bytes (message.max.bytes) where a topic says no more",
            f"set message.max.bytes={DEAD_LETTER_BYTES} in its server.properties",
        )
    if not small:
        yield Finding(OK, "broker", "takes records as large as dead letters")
    if settings.replication > len(cluster.brokers):
        yield Finding(
            FAILURE,
            "broker",
            f"expected {settings.replication} brokers for IMAGEBUS_REPLICATION={settings.replication}, "
            f"got {len(cluster.brokers)}",
            f"start the others, or set IMAGEBUS_REPLICATION={len(cluster.brokers)}",
        )
