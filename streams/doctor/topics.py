"""Checks of topics: whether they exist, and how they are configured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from confluent_kafka.admin import AdminClient, ClusterMetadata, ResourceType  # type: ignore[attr-defined]

from streams.chain.types import Chain, dead_letters_of
from streams.doctor.finding import FAILURE, OK, WARNING, Finding
from streams.kafka import topics
from streams.kafka.topics import TopicPlan
from streams.settings import Settings


def chain_topics(
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
    plans = [topics.plan(settings, chain, name) for name in names if name in cluster.topics]
    configs = topics.configs_of(client, ResourceType.TOPIC, (plan.name for plan in plans))
    for plan in plans:
        yield from _topic(plan, configs[plan.name], len(cluster.topics[plan.name].partitions), settings)


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


def _compacts(found: str, wanted: str) -> bool:
    return wanted == "delete" and "compact" in found


_RULES: dict[str, tuple[Callable[[str, str], bool], str]] = {
    "max.message.bytes": (_less, "it refuses larger records"),
    "segment.bytes": (_less, "it refuses records larger than that"),
    "message.timestamp.type": (_other, "old frames would be deleted unread"),
    "cleanup.policy": (_compacts, topics.KEEPS_FOR_EVER),
    "retention.ms": (_more, "pictures are kept longer than they should be"),
}
