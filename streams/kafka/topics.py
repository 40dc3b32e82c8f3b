"""Topics on the broker: how those of a chain are configured, and creating them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ClusterMetadata,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from functions.core.errors import UsageError
from streams.chain.types import DEAD_LETTERS, Chain
from streams.kafka.security import REFUSALS, for_librdkafka, what_to_do
from streams.settings import Settings
from streams.wire.alerts import ALERTS
from streams.wire.cameras import CAMERAS, ZONES

log = logging.getLogger(__name__)

TOPIC_BYTES = 4 * 1024 * 1024
DEAD_LETTER_BYTES = 5 * 1024 * 1024
# Kafka refuses a record larger than a segment, and cuts a topic by size only at the ends of segments.
_SEGMENT_BYTES = 8 * 1024 * 1024
KEEPS_FOR_EVER = "keeps the newest record of each key for ever"
_COMPACT_AFTER_S = 600
_ALERTS_KEPT_S = 7 * 24 * 3600.0
_TIMEOUT_S = 10.0
_FIRST_ASK_S = 1.5
_POLL_S = 0.1


class BusError(UsageError):
    """The broker cannot be reached or refuses; the text says what to do."""


class Refused(BusError):
    """The broker answers, but authentication or TLS fails."""


@dataclass(frozen=True)
class TopicPlan:
    """A topic as it should be created."""

    name: str
    partitions: int
    replication: int
    config: dict[str, str]


def plan(settings: Settings, chain: Chain, name: str) -> TopicPlan:
    """The plan of a topic of this chain; of a dead-letter topic too."""
    if name in (CAMERAS, ZONES):
        return _newest_of_each_source(settings, name)
    own = chain.topics.get(name)
    dead = name.startswith(DEAD_LETTERS)
    usual_s = _ALERTS_KEPT_S if name == ALERTS else settings.retention_s
    retention_s = (own and own.retention_s) or usual_s
    return TopicPlan(
        name,
        partitions=1 if dead or name == ALERTS else (own and own.partitions) or settings.partitions,
        replication=settings.replication,
        config={
            "retention.ms": str(int(retention_s * 1000)),
            "retention.bytes": str(settings.retention_bytes),
            "segment.bytes": str(_SEGMENT_BYTES),
            "max.message.bytes": str(DEAD_LETTER_BYTES if dead else TOPIC_BYTES),
            # Capture times may be old: by Kafka's own clock nothing expires before it is read.
            "message.timestamp.type": "LogAppendTime",
            "compression.type": "uncompressed",
            "cleanup.policy": "delete",  # a broker whose default compacts would keep a picture of each source for ever
        },
    )


def _newest_of_each_source(settings: Settings, name: str) -> TopicPlan:
    """A small topic of which the newest record of each key stays; one partition, so that it is read to its end fast."""
    return TopicPlan(
        name,
        partitions=1,
        replication=settings.replication,
        config={
            "cleanup.policy": "compact",
            "segment.bytes": str(_SEGMENT_BYTES),
            # Only what is in a segment that is closed can be compacted.
            "segment.ms": str(_COMPACT_AFTER_S * 1000),
            "message.timestamp.type": "LogAppendTime",
        },
    )


class _Admin(AdminClient):
    """An admin client that raises Refused where authentication or TLS fails; librdkafka's own just times out."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._refusal: KafkaError | None = None
        own: dict[str, Any] = {"error_cb": self._failed, "log_level": 0}
        super().__init__({**for_librdkafka(settings), **own})

    def list_topics(self, *args: Any, timeout: float = _TIMEOUT_S, **more: Any) -> ClusterMetadata:
        """The cluster's metadata. Raises Refused, sooner than after `timeout` seconds, and KafkaException."""
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
    """An admin client that writes no log lines of its own. Raises SettingError."""
    return _Admin(settings)


def is_embedded(cluster: ClusterMetadata) -> bool:
    """Whether this is the embedded broker, the only one without a controller among its nodes."""
    return cluster.controller_id not in cluster.brokers


def make(client: AdminClient, plans: Iterable[TopicPlan]) -> list[str]:
    """Create the topics that do not exist yet; their names. Raises BusError; blocks up to 30 s.

    One that exists stays as it is, and is refused where it compacts and should not.
    """
    plans = list(plans)
    try:
        cluster = client.list_topics(timeout=_TIMEOUT_S)
        missing = [wanted for wanted in plans if wanted.name not in cluster.topics]
        if not is_embedded(cluster):
            made: list[str] = []
            if missing:
                made = _create(client, missing)
                _wait_for_metadata(client, {wanted.name for wanted in missing})
            _refuse_compacted(client, (wanted for wanted in plans if wanted not in missing))
            return made
        for wanted in missing:  # the embedded broker creates a topic when it is asked for
            client.list_topics(wanted.name, timeout=_TIMEOUT_S)
    except KafkaException as error:
        raise BusError(f"Topics cannot be made: {error.args[0].str()}") from None
    return [wanted.name for wanted in missing]


def _wait_for_metadata(client: AdminClient, names: set[str]) -> None:
    """Wait until the topics are in the metadata: a consumer that misses one there does not look again for minutes."""
    end = time.monotonic() + _TIMEOUT_S
    while unknown := names - client.list_topics(timeout=_TIMEOUT_S).topics.keys():
        if time.monotonic() > end:
            raise BusError(f"expected a broker that names {', '.join(sorted(unknown))}, just made, got none")
        time.sleep(_POLL_S)


def configs_of(client: AdminClient, kind: ResourceType, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """The configurations of these topics or brokers, by name. Raises KafkaException."""
    resources = [ConfigResource(kind, name) for name in names]
    # Asked about nothing, the client raises.
    asked = client.describe_configs(resources, request_timeout=_TIMEOUT_S) if resources else {}
    return {each.name: {name: entry.value or "" for name, entry in asked[each].result().items()} for each in asked}


def _refuse_compacted(client: AdminClient, plans: Iterable[TopicPlan]) -> None:
    """Raise BusError for a topic that would keep the newest picture of each source for ever."""
    deleting = [ConfigResource(ResourceType.TOPIC, plan.name) for plan in plans if is_to_delete(plan)]
    asked = client.describe_configs(deleting, request_timeout=_TIMEOUT_S) if deleting else {}
    for topic, config in asked.items():
        try:
            policy = config.result()["cleanup.policy"].value
        except KafkaException as error:
            text = "Whether topic %s compacts, and so keeps the newest picture of each source, cannot be read: %s"
            log.warning(text, topic.name, error.args[0].str())
            continue
        if "compact" in policy:
            raise BusError(
                f"Topic {topic.name}: expected cleanup.policy=delete, got {policy}, which {KEEPS_FOR_EVER}: "
                f"kafka-configs.sh --alter --entity-type topics --entity-name {topic.name} "
                "--add-config cleanup.policy=delete"
            )


def is_to_delete(plan: TopicPlan) -> bool:
    """Whether records of this topic must go when they are old, whatever their key."""
    return plan.config["cleanup.policy"] == "delete"


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
            # Another worker was faster, or the metadata was stale.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise BusError(f"Topic {name} cannot be made: {error.args[0].str()}") from None
    return made
