"""Backpressure on a file's producer: it stays at most so many frames ahead of the slowest downstream stage.

Else records would expire before the stages read them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event

import click
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streams.chain.types import Chain, StageConf, group_of
from streams.kafka.lone_consumer import lone_consumer
from streams.kafka.partitioner import partition_of
from streams.kafka.topics import admin
from streams.kafka.watermarks import watermarks
from streams.settings import Settings
from streams.video.decoding import Say

LEAD, LEAD_EMBEDDED = 300, 32
# The embedded broker keeps 5 MiB a partition.
_EMBEDDED_BYTES = 4 * 1024 * 1024
# A look is a dozen requests to the broker; this often it lets so many frames a second through, whatever the lead is.
_POLL_S, _FPS = 0.5, 160
_REPORT_AFTER_S, _REPORT_EVERY_S = 3.0, 10.0
_TIMEOUT_S = 5.0
_NOT_AUTHORIZED = frozenset({KafkaError.GROUP_AUTHORIZATION_FAILED, KafkaError.TOPIC_AUTHORIZATION_FAILED})

Watermarks = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class PathLag:
    """The lag of the slowest path of stages, in frames, and the stage of it that lags most."""

    frames: int
    stage: str = ""
    stage_frames: int = 0

    def then(self, downstream: PathLag) -> PathLag:
        """The lag of this path, continued by another one downstream."""
        worst = max(self, downstream, key=lambda lag: lag.stage_frames)
        return PathLag(self.frames + downstream.frames, worst.stage, worst.stage_frames)


class Backpressure:
    """Blocks a producer while it is `frames` ahead of the slowest path of stages downstream of its topic."""

    def __init__(
        self, settings: Settings, chain: Chain, topic: str, source: str, frames: int, embedded: bool, say: Say
    ) -> None:
        self._settings, self._chain, self._topic, self._source = settings, chain, topic, source
        self._connect()
        self._frames, self._say = frames, say
        self._poll_s = min(_POLL_S, frames / _FPS)
        # Large pictures fill a partition sooner.
        self._max_bytes = _EMBEDDED_BYTES if embedded else settings.retention_bytes // 2
        self._largest_record = 1
        self._credit = 0

    def acquire(self, size: int, pending: Callable[[], int], stop: Event) -> None:
        """Block until one more record of `size` bytes may be sent; `pending` counts those not acknowledged yet."""
        self._largest_record = max(self._largest_record, size)
        since = time.monotonic()
        report_at = since + _REPORT_AFTER_S
        while self._credit <= 0 and not stop.is_set():
            # Read before the lag is: a record must not be missed by both.
            unacknowledged = pending()
            lag = self._lag()
            if lag is not None:
                limit = min(self._frames, self._max_bytes // self._largest_record)
                self._credit = limit - lag.frames - unacknowledged
            if self._credit > 0:
                break
            if time.monotonic() > report_at:
                self._say(_waiting(lag, time.monotonic() - since))
                report_at += _REPORT_EVERY_S
            stop.wait(self._poll_s)
        self._credit -= 1

    def _lag(self) -> PathLag | None:
        """None where the broker does not answer now. Raises ClickException where it never will."""
        try:
            marks = self._watermarks()
            committed = {name: self._committed(name, marks) for name in _downstream(self._chain, self._topic)}
        except KafkaException as error:
            if error.args[0].code() in _NOT_AUTHORIZED:
                raise click.ClickException(
                    f"how far the stages are cannot be read: {error.args[0].str()}; --lead 0 does without"
                ) from None
            self._reconnect()
            return None
        return slowest_path(self._chain, self._topic, marks, committed)

    def _connect(self) -> None:
        self._admin = admin(self._settings)
        self._offsets, self._groups = lone_consumer(self._settings), dict[str, Consumer]()

    def _reconnect(self) -> None:
        """Make new clients: one that lost a group's coordinator may not find it again when the broker is back."""
        for old in (self._offsets, *self._groups.values()):
            old.close()
        self._connect()

    def _watermarks(self) -> Watermarks:
        """First and next offset of this source's partition, of each topic that exists."""
        topics = self._admin.list_topics(timeout=_TIMEOUT_S).topics
        wanted = [
            TopicPartition(name, partition_of(self._source, len(topics[name].partitions)))
            for name in {self._topic, *self._chain.topic_names}
            if name in topics and topics[name].partitions
        ]
        self._partitions = {each.topic: each for each in wanted}
        found = watermarks(self._offsets, [(each.topic, each.partition) for each in wanted])
        return {topic: low_high for (topic, _), low_high in found.items()}

    def _committed(self, name: str, marks: Watermarks) -> dict[str, int]:
        """The committed offsets of this stage, by topic; negative where it has committed none yet."""
        stage = self._chain.stages[name]
        group = group_of(stage.inputs, name, stage.output)
        partitions = [self._partitions[topic] for topic in stage.inputs if topic in marks]
        if not partitions:
            return {}
        if name not in self._groups:
            # Never a member, since it subscribes to nothing. AdminClient.list_consumer_group_offsets would need no
            # client a group, but now and then it crashes the process on a broker that has just started.
            self._groups[name] = lone_consumer(self._settings, group=group)
        answers = self._groups[name].committed(partitions, timeout=_TIMEOUT_S)
        for error in (answer.error for answer in answers if answer.error):
            raise KafkaException(error)
        return {answer.topic: answer.offset for answer in answers}


def slowest_path(
    chain: Chain,
    topic: str,
    marks: Watermarks,
    committed: dict[str, dict[str, int]],
    seen: frozenset[str] = frozenset(),
) -> PathLag:
    """The lag of the slowest path of stages downstream of a topic; a stage without a commit begins at the first."""
    paths = [PathLag(0)]
    for name, stage in _readers(chain, topic):
        if name in seen or topic not in marks:
            continue
        low, high = marks[topic]
        own = high - max(committed[name].get(topic, low), low)
        downstream = slowest_path(chain, stage.output, marks, committed, seen | {name})
        paths.append(PathLag(own, name, own).then(downstream))
    return max(paths, key=lambda path: path.frames)


def _downstream(chain: Chain, topic: str) -> Iterator[str]:
    topics, names = [topic], dict[str, None]()
    for each in topics:
        fresh = [(name, stage) for name, stage in _readers(chain, each) if name not in names]
        names.update(dict.fromkeys(name for name, _ in fresh))
        topics += [stage.output for _, stage in fresh]
    return iter(names)


def _readers(chain: Chain, topic: str) -> list[tuple[str, StageConf]]:
    return [(name, stage) for name, stage in chain.stages.items() if topic in stage.inputs]


def _waiting(lag: PathLag | None, for_s: float) -> str:
    if lag is None:
        return f"waiting {for_s:.0f} s for the broker to say how far the stages are"
    return (
        f"waiting {for_s:.0f} s for stage {lag.stage}, which has {lag.stage_frames} frames to read; is its "
        "worker running? (--lead 0 does not wait)"
    )
