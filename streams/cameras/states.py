"""Reads the topic `CAMERAS`: the newest state of each source, and who writes one now."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from streams.kafka.topics import BusError
from streams.kafka.watermarks import offsets_client
from streams.settings import Settings
from streams.wire.cameras import CAMERAS, OVER, CameraState
from streams.wire.reading import keyed
from streams.wire.records import RecordError

_TIMEOUT_S = 5.0
# A producer writes its state so often, and one that is not heard for so long is dead.
STATE_EVERY_S, DEAD_AFTER_S = 2.0, 10.0
_MOST_RUNS = 32


class NoStates(BusError):
    """There is no topic of states."""


@dataclass
class _Run:
    """The newest state of one run of a source's producer; `age_s` as its record was read."""

    state: CameraState
    age_s: float
    heard_at: float | None = None


@dataclass
class _Keyed:
    """A message as it is read: key and value."""

    key: bytes | None
    value: bytes | None


@dataclass
class CameraStates:
    """The states of all sources; a reader without a group. Raises NoStates, and KafkaException without a broker."""

    settings: Settings
    runs: dict[str, dict[str, _Run]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._client: Consumer = offsets_client(self.settings, "imagebus.states")
        topic = self._client.list_topics(CAMERAS, timeout=_TIMEOUT_S).topics.get(CAMERAS)
        if topic is None or topic.error or not topic.partitions:  # an embedded broker makes it when it is asked
            self._client.close()
            raise NoStates(f"nobody has told of a camera on this bus yet: there is no topic {CAMERAS}")
        partitions = topic.partitions
        self._ends: dict[int, int] = {}
        self._unread: dict[int, int] = {}
        begins = []
        for partition in partitions:
            low, high = self._client.get_watermark_offsets(TopicPartition(CAMERAS, partition), timeout=_TIMEOUT_S)
            self._ends[partition] = high
            if high > low:
                self._unread[partition] = high
            begins.append(TopicPartition(CAMERAS, partition, low))
        self._client.assign(begins)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def catch_up(self) -> None:
        """Read all that was there at the beginning. Raises KafkaException where that takes more than 5 s."""
        end = time.monotonic() + _TIMEOUT_S
        while any(self._position(partition) < high for partition, high in self._unread.items()):
            self.poll(0.1)
            if time.monotonic() > end:
                raise KafkaException(f"{CAMERAS} was not read to its end in {_TIMEOUT_S:g} s")

    def poll(self, timeout_s: float = 0.0) -> None:
        """Take in what has come, and wait for it up to that time."""
        for message in self._client.consume(200, timeout_s):
            if message.error() is None:
                self._take(message)

    @property
    def newest(self) -> dict[str, CameraState]:
        """The state that holds for each source."""
        return {source: list(runs.values())[-1].state for source, runs in self.runs.items() if runs}

    def rivals(self, mine: CameraState, own: frozenset[str], heard: bool) -> list[CameraState]:
        """Earlier runs that send to the same topic under the same name: those heard of late, or that may yet be."""
        return [
            run.state
            for run in self.runs.get(mine.source, {}).values()
            if run.state.run not in {mine.run, *own}
            and run.state.topic == mine.topic
            and run.state.state not in OVER
            and (run.state.started_at, run.state.run) < (mine.started_at, mine.run)
            and (_is_alive(run) if heard else run.age_s < DEAD_AFTER_S)
        ]

    def _take(self, message: Message) -> None:
        source = (message.key() or b"").decode(errors="replace")
        if not message.value():
            self.runs.pop(source, None)
            return
        try:
            state = keyed(_Keyed(message.key(), message.value()), CameraState)
        except RecordError:
            return  # whoever wrote it, nobody's state
        runs = self.runs.setdefault(source, {})
        runs.pop(state.run, None)
        live = (message.offset() or 0) >= self._ends.get(message.partition() or 0, 0)
        age_s = time.time() - message.timestamp()[1] / 1000
        runs[state.run] = _Run(state, age_s, time.monotonic() if live else None)
        while len(runs) > _MOST_RUNS:
            runs.pop(next(iter(runs)))

    def _position(self, partition: int) -> int:
        (at,) = self._client.position([TopicPartition(CAMERAS, partition)])
        return int(at.offset)  # negative before the first record


def _is_alive(run: _Run) -> bool:
    return run.heard_at is not None and time.monotonic() - run.heard_at < DEAD_AFTER_S
