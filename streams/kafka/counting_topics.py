"""The topics of counting: visits and counts, kept for days, and the changelogs of its tables."""

from __future__ import annotations

from dataclasses import replace

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.chain.counts_section import NAME, CountsConf
from streams.chain.types import Chain, dead_letters_of, group_of
from streams.kafka import topics
from streams.kafka.topics import BusError, TopicPlan
from streams.settings import Settings
from streams.wire.counts import COUNTS, VISITS

CAMERAS, LEDGER = "cameras", "book"  # the tables, as their changelogs are named
_KEEP_DAYS = 30
_TIMEOUT_S = 10.0


def visits_group(conf: CountsConf) -> str:
    """The consumer group that makes visits of frames."""
    return group_of([conf.input], NAME, VISITS)


def ledger_group() -> str:
    """The consumer group that makes counts of visits."""
    return group_of([VISITS], NAME, COUNTS)


def changelog_of(group: str, table: str) -> str:
    """The topic from which Faust restores a table."""
    return f"{group}-{table}-changelog"


def plans(settings: Settings, chain: Chain) -> list[TopicPlan]:
    """The topics of visits and counts. One partition each, so that one reader sees all cameras."""
    keep = {"retention.ms": str(_KEEP_DAYS * 24 * 3600 * 1000)}
    visits, counts = (
        replace(plan, partitions=1, config={**plan.config, **keep})
        for plan in (topics.plan(settings, chain, name) for name in (VISITS, COUNTS))
    )
    return [replace(visits, config={**visits.config, "cleanup.policy": "compact,delete"}), counts]


def make_for_visits(client: AdminClient, settings: Settings, chain: Chain, conf: CountsConf) -> int:
    """Create the topics of making visits; how many partitions the frames' topic has. Raises BusError."""
    names = (conf.input, dead_letters_of(NAME))
    topics.make(client, [*(topics.plan(settings, chain, name) for name in names), *plans(settings, chain)])
    return make_changelog(client, settings, chain, changelog_of(visits_group(conf), CAMERAS), conf.input)


def make_changelog(client: AdminClient, settings: Settings, chain: Chain, name: str, topic: str) -> int:
    """Create the changelog of a table with as many partitions as the topic that its app reads. Raises BusError."""
    try:
        partitions = len(client.list_topics(topic, timeout=_TIMEOUT_S).topics[topic].partitions)
    except KafkaException as error:
        raise BusError(f"Topics cannot be listed: {error.args[0].str()}") from None
    topics.make(client, [_changelog(settings, chain, name, partitions)])
    return partitions


def make_for_ledger(client: AdminClient, settings: Settings, chain: Chain) -> None:
    """Create the topics of the ledger. Raises BusError."""
    topics.make(client, [*plans(settings, chain), _changelog(settings, chain, changelog_of(ledger_group(), LEDGER), 1)])


def _changelog(settings: Settings, chain: Chain, name: str, partitions: int) -> TopicPlan:
    plan = topics.plan(settings, chain, name)
    kept = {key: value for key, value in plan.config.items() if not key.startswith("retention.")}
    return replace(plan, partitions=partitions, config={**kept, "cleanup.policy": "compact"})
