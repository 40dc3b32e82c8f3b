"""`imagebus topics`: create the chain's topics, and list them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import click
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ResourceType, TopicMetadata  # type: ignore[attr-defined]

from streams import settings
from streams.chain import types as chains
from streams.chain.check import NUMBERS, checked
from streams.chain.types import Chain
from streams.kafka import counting_topics
from streams.kafka import topics as bus
from streams.wire.alerts import ALERTS
from streams.wire.cameras import CAMERAS, ZONES

_HEAD = ("TOPIC", "PICTURES", "PARTITIONS", "KEEPS", "ON DISK AT MOST")
_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class TopicState:
    """A topic as it is on the broker; a limit that it does not have is infinite, one that is not known None."""

    name: str
    redacted: bool
    partitions: int
    retention_s: float | None
    disk_bytes: float | None


@click.command()
def topics() -> None:
    """Make the chain's topics and the stages' dead-letter topics, and list them.

    A topic that is there already stays as it is.
    """
    conf = settings.load()
    chain = checked(conf)
    client = bus.admin(conf)
    frames = (*chain.topic_names, *map(chains.dead_letters_of, chain.stages))
    plans = [bus.plan(conf, chain, name) for name in (*frames, CAMERAS, ZONES, *([ALERTS] if chain.alerts else []))]
    plans += counting_topics.plans(conf, chain) if chain.counts else []
    names = [plan.name for plan in plans]
    made = bus.make(client, plans)
    for row in _table([_HEAD, *(_cells(state) for state in states(client, chain, names))]):
        click.echo(row)
    click.echo(f"{len(made)} made, {len(names) - len(made)} were there")


def states(client: AdminClient, chain: Chain, names: Iterable[str]) -> list[TopicState]:
    """These topics as they are on the broker. Raises BusError."""
    try:
        cluster = client.list_topics(timeout=_TIMEOUT_S)
        wanted = [name for name in names if name in cluster.topics]
        configs = {} if bus.is_embedded(cluster) else bus.configs_of(client, ResourceType.TOPIC, wanted)
    except KafkaException as error:
        raise bus.BusError(f"Topics cannot be listed: {error.args[0].str()}") from None
    return [_state(chain, cluster.topics[name], configs.get(name)) for name in wanted]


def _state(chain: Chain, metadata: TopicMetadata, config: dict[str, str] | None) -> TopicState:
    name = str(metadata.topic)
    partitions = list(metadata.partitions.values())
    if config is None:
        return TopicState(name, chain.redacted(name), len(partitions), None, None)
    if config["cleanup.policy"] == "compact":
        return TopicState(name, chain.redacted(name), len(partitions), math.inf, math.inf)
    replicas = sum(len(partition.replicas) for partition in partitions)
    # Kafka deletes whole segments: each partition may hold one more than it is to keep.
    disk_bytes = replicas * (_bound(config["retention.bytes"]) + int(config["segment.bytes"]))
    return TopicState(name, chain.redacted(name), len(partitions), _bound(config["retention.ms"]) / 1000, disk_bytes)


def _bound(value: str) -> float:
    return math.inf if int(value or -1) < 0 else int(value)


def _cells(state: TopicState) -> tuple[str, ...]:
    return (
        state.name,
        "none" if state.name in NUMBERS else "redacted" if state.redacted else "raw",
        str(state.partitions),
        _shown(state.retention_s, "s"),
        _shown(state.disk_bytes and state.disk_bytes / 2**20, "MiB"),
    )


def _shown(bound: float | None, unit: str) -> str:
    return {None: "not said", math.inf: "no bound"}.get(bound) or f"{bound:,.0f} {unit}"


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
