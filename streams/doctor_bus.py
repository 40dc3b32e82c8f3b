"""What `imagebus doctor` looks at on the bus."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ClusterMetadata,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from functions.errors import UsageError
from streams import topics
from streams.chain import Chain, dead_letters_of
from streams.finding import FAILURE, OK, WARNING, Finding
from streams.security import for_librdkafka
from streams.settings import Settings
from streams.topics import DEAD_LETTER_BYTES, TopicPlan

CLOCK_TOPIC = "IMAGEBUS_DOCTOR"
_TIMEOUT_S = 10.0
_DIFFERENCE_S = 0.5


def bus(settings: Settings, chain: Chain | None) -> Iterator[Finding]:
    """Everything about the broker, beginning with whether there is one."""
    try:
        client = topics.admin(settings)
        cluster = client.list_topics(timeout=_TIMEOUT_S)
    except UsageError as error:  # it refuses, or is spoken to in the wrong way; the text says what to do
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
    yield Finding(OK, "broker", f"{settings.kafka_url} answers: {len(cluster.brokers)} of its brokers are there")
    try:
        yield from _limits(client, cluster, settings)
        yield from _topics(client, cluster, settings, chain)
        yield from _clock(client, settings)
    except KafkaException as error:
        yield Finding(WARNING, "broker", f"does not tell all: {error.args[0].str()}", "give this user DESCRIBE_CONFIGS")


def _limits(client: AdminClient, cluster: ClusterMetadata, settings: Settings) -> Iterator[Finding]:
    told = _described(client, ResourceType.BROKER, map(str, cluster.brokers))
    small = {name: config["message.max.bytes"] for name, config in told.items()}
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


def _topics(
    client: AdminClient, cluster: ClusterMetadata, settings: Settings, chain: Chain | None
) -> Iterator[Finding]:
    if chain is None:
        return
    names = [*chain.topic_names, *map(dead_letters_of, chain.stages)]
    missing = [name for name in names if name not in cluster.topics]
    if missing:
        yield Finding(
            WARNING,
            "topics",
            f"not there yet: {', '.join(missing)}",
            "workers make them when they start; so does `imagebus topics`",
        )
    there = [topics.plan(settings, chain, name) for name in names if name in cluster.topics]
    told = _described(client, ResourceType.TOPIC, (plan.name for plan in there))
    for plan in there:
        yield from _topic(plan, told[plan.name], len(cluster.topics[plan.name].partitions), settings)


def _topic(plan: TopicPlan, config: Mapping[str, str], partitions: int, settings: Settings) -> Iterator[Finding]:
    wrong = {name: why for name, (is_wrong, why) in _RULES.items() if is_wrong(config[name], plan.config[name])}
    if wrong:
        settings_of = ",".join(f"{name}={plan.config[name]}" for name in wrong)
        yield Finding(
            FAILURE,
            "topics",
            f"{plan.name}: " + "; ".join(f"{name} is {config[name]}: {why}" for name, why in wrong.items()),
            f"kafka-configs.sh --bootstrap-server {settings.kafka_url} --alter --entity-type topics "
            f"--entity-name {plan.name} --add-config {settings_of}",
        )
    if partitions < plan.partitions:
        yield Finding(
            WARNING,
            "topics",
            f"{plan.name}: {partitions} partitions where {plan.partitions} are wanted: few workers can share it",
            f"while nothing runs: kafka-topics.sh --bootstrap-server {settings.kafka_url} --alter --topic {plan.name} "
            f"--partitions {plan.partitions}",
        )
    if not wrong and partitions >= plan.partitions:
        yield Finding(
            OK, "topics", f"{plan.name}: {partitions} partitions, kept {int(config['retention.ms']) / 1000:g} s"
        )


def _less(found: str, wanted: str) -> bool:
    return int(found) < int(wanted)


def _more(found: str, wanted: str) -> bool:
    return int(found) < 0 or int(found) > int(wanted)


def _other(found: str, wanted: str) -> bool:
    return found != wanted


_RULES: dict[str, tuple[Callable[[str, str], bool], str]] = {
    "max.message.bytes": (_less, "it refuses larger records"),
    "segment.bytes": (_less, "it refuses records larger than that"),
    "message.timestamp.type": (_other, "old frames would be deleted unread"),
    "retention.ms": (_more, "pictures are kept longer than they should be"),
}


def _clock(client: AdminClient, settings: Settings) -> Iterator[Finding]:
    """By the broker's stamp on one empty record: a stage skips what is old by its own clock."""
    new = NewTopic(CLOCK_TOPIC, 1, 1, config={"message.timestamp.type": "LogAppendTime", "retention.ms": "60000"})
    try:
        _done(client.create_topics([new], request_timeout=_TIMEOUT_S)[CLOCK_TOPIC])
        try:
            ahead_s = _ahead_s(settings)
        finally:
            _done(client.delete_topics([CLOCK_TOPIC], request_timeout=_TIMEOUT_S)[CLOCK_TOPIC])
    except KafkaException as error:
        yield Finding(WARNING, "clock", f"the broker's is not known: {error.args[0].str()}", "compare them by hand")
        return
    if abs(ahead_s) <= _DIFFERENCE_S:
        yield Finding(OK, "clock", f"the broker's differs by less than {_DIFFERENCE_S:g} s")
    else:
        level = FAILURE if abs(ahead_s) > settings.max_age_s else WARNING
        yield Finding(
            level,
            "clock",
            f"this host is {abs(ahead_s):.1f} s {'ahead of' if ahead_s > 0 else 'behind'} the broker: frames that are "
            f"{settings.max_age_s:g} s old by this clock are skipped",
            "synchronise both (timedatectl set-ntp true)",
        )


def _ahead_s(settings: Settings) -> float:
    """How far this host's clock is ahead of the broker's. Raises KafkaException."""
    stamped: list[float] = []
    failed: list[KafkaError] = []

    def delivered(error: KafkaError | None, message: Message) -> None:
        if error:
            failed.append(error)
        else:
            stamped.append(message.timestamp()[1] / 1000)

    own = {"acks": "all", "linger.ms": 0, "message.timeout.ms": int(_TIMEOUT_S * 1000), "log_level": 0}
    producer = Producer({**for_librdkafka(settings), **own})
    for _ in range(2):  # the first one waits for a connection
        before = time.time()
        producer.produce(CLOCK_TOPIC, b"", on_delivery=delivered)
        producer.flush(_TIMEOUT_S)
        after = time.time()
    if not stamped:
        raise KafkaException(failed[0] if failed else KafkaError(KafkaError._TIMED_OUT))
    # Somewhere between its sending and its answer.
    return max(before - stamped[-1], 0.0) or min(after - stamped[-1], 0.0)


def _described(client: AdminClient, kind: ResourceType, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """All settings of these topics or brokers, by name. Raises KafkaException."""
    asked = client.describe_configs([ConfigResource(kind, name) for name in names], request_timeout=_TIMEOUT_S)
    return {resource.name: _texts(_done(future)) for resource, future in asked.items()}


def _texts(entries: Mapping[str, ConfigEntry]) -> dict[str, str]:
    return {name: str(entry.value) for name, entry in entries.items()}


def _done(future: object) -> dict[str, ConfigEntry]:
    return future.result()  # type: ignore[attr-defined, no-any-return]
