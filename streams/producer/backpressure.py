"""A file's producer stays close ahead of the stages behind it, so that nothing expires before it is read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event

import click
from aiokafka.partitioner import murmur2
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streams.chain.types import Chain, StageConf, group_of
from streams.kafka.topics import admin
from streams.kafka.watermarks import asker, marks
from streams.producer.reconnecting import Say
from streams.settings import Settings

LEAD, LEAD_EMBEDDED = 300, 32
# The embedded broker keeps 5 MiB a partition.
_EMBEDDED_BYTES = 4 * 1024 * 1024
_EVERY_S = 0.2
_SAY_AFTER_S, _SAY_EVERY_S = 3.0, 10.0
_TIMEOUT_S = 5.0
_REFUSED = frozenset({KafkaError.GROUP_AUTHORIZATION_FAILED, KafkaError.TOPIC_AUTHORIZATION_FAILED})

Marks = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Behind:
    """How far the slowest path of stages is behind, and its slowest stage."""

    frames: int
    stage: str = ""
    stage_frames: int = 0

    def then(self, further: Behind) -> Behind:
        """This stage, and what is slowest behind it."""
        slowest = max(self, further, key=lambda behind: behind.stage_frames)
        return Behind(self.frames + further.frames, slowest.stage, slowest.stage_frames)


class Lead:
    """Holds a producer back while it is `frames` ahead of the slowest path of stages behind its topic."""

    def __init__(
        self, settings: Settings, chain: Chain, topic: str, source: str, frames: int, embedded: bool, say: Say
    ) -> None:
        self._settings, self._chain, self._topic, self._source = settings, chain, topic, source
        self._client = admin(settings)
        self._asker, self._groups = asker(settings), dict[str, Consumer]()
        self._frames, self._say = frames, say
        # Large pictures fill a partition sooner.
        self._max_bytes = _EMBEDDED_BYTES if embedded else settings.retention_bytes // 2
        self._largest = 1
        self._room = 0

    def take(self, size: int, pending: Callable[[], int], stop: Event) -> None:
        """Wait until one more record of this size may be sent; `pending` are sent and not on the bus yet."""
        self._largest = max(self._largest, size)
        since = time.monotonic()
        say_at = since + _SAY_AFTER_S
        while self._room <= 0 and not stop.is_set():
            # Asked for before the bus is: a record must not be missed by both.
            sent = pending()
            behind = self._behind()
            if behind is not None:
                self._room = min(self._frames, self._max_bytes // self._largest) - behind.frames - sent
            if self._room > 0:
                break
            if time.monotonic() > say_at:
                self._say(_waiting(behind, time.monotonic() - since))
                say_at += _SAY_EVERY_S
            stop.wait(_EVERY_S)
        self._room -= 1

    def _behind(self) -> Behind | None:
        """None where the bus does not tell now. Raises ClickException where it never will."""
        try:
            marks = self._marks()
            committed = {name: self._committed(name, marks) for name in _downstream(self._chain, self._topic)}
        except KafkaException as error:
            if error.args[0].code() in _REFUSED:
                raise click.ClickException(
                    f"how far the stages are cannot be read: {error.args[0].str()}; --lead 0 does without"
                ) from None
            self._renew()
            return None
        return slowest(self._chain, self._topic, marks, committed)

    def _renew(self) -> None:
        """Ask with new clients: one that lost a groups' coordinator may not find it again when the broker is back."""
        for old in (self._asker, *self._groups.values()):
            old.close()
        self._client = admin(self._settings)
        self._asker, self._groups = asker(self._settings), {}

    def _marks(self) -> Marks:
        """First and next offset of this source's partition of each topic that is there."""
        there = self._client.list_topics(timeout=_TIMEOUT_S).topics
        wanted = [
            TopicPartition(name, partition_of(self._source, len(there[name].partitions)))
            for name in {self._topic, *self._chain.topic_names}
            if name in there and there[name].partitions
        ]
        self._partitions = {at.topic: at for at in wanted}
        found = marks(self._asker, [(at.topic, at.partition) for at in wanted])
        return {topic: both for (topic, _), both in found.items()}

    def _committed(self, name: str, marks: Marks) -> dict[str, int]:
        """The offsets this stage will read next, by topic; negative where it has read nothing yet."""
        stage = self._chain.stages[name]
        group = group_of(stage.inputs, name, stage.output)
        at = [self._partitions[topic] for topic in stage.inputs if topic in marks]
        if not at:
            return {}
        if name not in self._groups:
            # Never a member, since it subscribes to nothing. AdminClient.list_consumer_group_offsets would need no
            # client a group, but now and then it crashes the process on a broker that has just started.
            self._groups[name] = asker(self._settings, group)
        answers = self._groups[name].committed(at, timeout=_TIMEOUT_S)
        for error in (answer.error for answer in answers if answer.error):
            raise KafkaException(error)
        return {answer.topic: answer.offset for answer in answers}


def slowest(
    chain: Chain, topic: str, marks: Marks, committed: dict[str, dict[str, int]], seen: frozenset[str] = frozenset()
) -> Behind:
    """How far the slowest path of stages behind a topic is; a stage that never read begins at the topic's first."""
    paths = [Behind(0)]
    for name, stage in _readers(chain, topic):
        if name in seen or topic not in marks:
            continue
        low, high = marks[topic]
        own = high - max(committed[name].get(topic, low), low)
        paths.append(Behind(own, name, own).then(slowest(chain, stage.output, marks, committed, seen | {name})))
    return max(paths, key=lambda path: path.frames)


def _downstream(chain: Chain, topic: str) -> Iterator[str]:
    topics, names = [topic], dict[str, None]()
    for at in topics:
        fresh = [(name, stage) for name, stage in _readers(chain, at) if name not in names]
        names.update(dict.fromkeys(name for name, _ in fresh))
        topics += [stage.output for _, stage in fresh]
    return iter(names)


def _readers(chain: Chain, topic: str) -> list[tuple[str, StageConf]]:
    return [(name, stage) for name, stage in chain.stages.items() if topic in stage.inputs]


def partition_of(source: str, partitions: int) -> int:
    """Where every Kafka client with the murmur2 partitioner puts this key."""
    hashed: int = murmur2(source.encode()) & 0x7FFFFFFF
    return hashed % partitions


def _waiting(behind: Behind | None, for_s: float) -> str:
    if behind is None:
        return f"waiting {for_s:.0f} s for the broker to say how far the stages are"
    return (
        f"waiting {for_s:.0f} s for stage {behind.stage}, which has {behind.stage_frames} frames to read; is its "
        "worker running? (--lead 0 does not wait)"
    )
