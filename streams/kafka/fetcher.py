"""Fetches the records of an aiokafka consumer by librdkafka: outside the GIL, and without its thread's event loop.

aiokafka keeps membership, positions and commits; what is assigned is fetched from where aiokafka says that it begins.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.errors import ConsumerStoppedError, TopicAuthorizationFailedError
from aiokafka.structs import ConsumerRecord
from confluent_kafka import KafkaError, Message, TopicPartition
from faust.types import TP

from streams.kafka.lone_consumer import without_group

_OPTIONS = {
    "enable.auto.offset.store": False,
    "auto.offset.reset": "earliest",  # of a place that has expired; where reading begins is aiokafka's to say
    "isolation.level": "read_uncommitted",
    # Only so is it known where a partition ends whose last records are nobody's, as those of a transaction.
    "enable.partition.eof": True,
    # How long brokers wait for a record where there is none; the embedded broker does so even when it has records.
    "fetch.wait.max.ms": 50,
    # Records are pictures: few are fetched ahead, and it is soon looked whether more are wanted, not after a second.
    "queued.min.messages": 8,
    "fetch.queue.backoff.ms": 2,
}
# So much is held of a partition of which nothing is wanted; then librdkafka rests it, and forgets what it has fetched.
_HELD_BYTES = 4 << 20
_ENDS_S = 0.1
Records = dict[TP, list[ConsumerRecord]]


class Positions(Fetcher):  # type: ignore[misc]
    """Takes the place of a consumer's fetcher: finds positions as that does, in its thread, and fetches nothing."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        super().__init__(consumer._client, consumer._subscription, auto_offset_reset=consumer._auto_offset_reset)
        # Partitions whose position was changed; whoever reads the records looks here.
        self.moved: deque[TP] = deque()

    @property
    def assignment(self) -> Any:
        """What is assigned now, with its positions; None where nothing is, or it is about to change."""
        state = self._subscriptions
        return None if state.reassignment_in_progress else state.subscription.assignment

    def seek_to(self, tp: TP, offset: int) -> None:
        """Change a position."""
        super().seek_to(tp, offset)
        self.moved.append(TP(*tp))

    def request_offset_reset(self, tps: Collection[TP], strategy: int) -> Any:
        """Change positions to the beginning or the end."""
        found = super().request_offset_reset(tps, strategy)
        self.moved.extend(TP(*tp) for tp in tps)
        return found

    def _get_actions_per_node(self, assignment: Any) -> Any:
        _, *others = super()._get_actions_per_node(assignment)
        return [], *others


class _Partition:
    """A partition that is fetched: what came of it, and what is to be read next."""

    def __init__(self, tp: TP, state: Any) -> None:
        self.next_offset = int(state.position)
        self.place = TopicPartition(tp.topic, tp.partition, self.next_offset)
        self.held: deque[Message] = deque()
        self.bytes, self.rests = 0, False
        self._state = state

    def hold(self, message: Message) -> None:
        self.held.append(message)
        self.bytes += len(message)

    def hear(self, end: int) -> None:
        """Note where the partition ends, as far as that is known: less than nothing where it is not."""
        self._state.highwater = max(self._state.highwater or 0, end)

    def give(self, most: int) -> Iterator[ConsumerRecord]:
        """At most so many of the records that are held, for good."""
        while most and self.held:
            message = self.held.popleft()
            self.bytes -= len(message)
            if message.error():  # the end
                self.next_offset = cast(int, message.offset())
            else:
                self.next_offset = cast(int, message.offset()) + 1
                most -= 1
                yield _record(message)
            self.hear(self.next_offset)


class RecordFetcher:
    """The records of what is assigned to a consumer, for one reader, in the event loop of that.

    `librdkafka` says how to connect, the group names the client, which joins none.
    """

    def __init__(self, positions: Positions, librdkafka: dict[str, Any], group: str) -> None:
        self._positions = positions
        self._client = without_group(librdkafka, group, _OPTIONS)
        self._thread = ThreadPoolExecutor(1, "fetch")
        self._coming: asyncio.Future[Message | None] | None = None
        self._assignment: Any = None
        self._partitions: dict[TP, _Partition] = {}
        self._refused: TopicAuthorizationFailedError | None = None
        self._hears_at, self._is_closed = 0.0, False

    def close(self) -> None:
        """Close the client, once nobody waits for it; back at once."""
        if self._is_closed:
            return
        self._is_closed = True
        self._thread.submit(self._client.close)
        self._thread.shutdown(wait=False)

    def next_offset(self, tp: TP) -> int | None:
        """The offset from which a partition is read on, None where it is not fetched."""
        return self._partitions[tp].next_offset if tp in self._partitions else None

    async def fetch(self, wanted: Collection[TP], most: int, timeout_s: float) -> Records:
        """Records of these partitions, or of all; at most so many, and waited for so long.

        Raises TopicAuthorizationFailedError where a topic may not be read, ConsumerStoppedError once it is closed.
        """
        try:
            if self._coming:  # for who was cancelled
                await self._wait(timeout_s)
            self._follow()
            if given := self._give(wanted, most):
                return given
            self._receive(self._client.consume(most, 0))
            if not (given := self._give(wanted, most)):
                await self._wait(timeout_s)
                self._follow()
                given = self._give(wanted, most)
        except RuntimeError:  # also what a client raises that is closed, and its thread
            if self._is_closed:
                raise ConsumerStoppedError from None
            raise
        return given

    async def _wait(self, timeout_s: float) -> None:
        """Wait for a record. It is of what was fetched when the wait began: nothing is changed before it has come."""
        if self._coming is None:
            self._coming = asyncio.get_running_loop().run_in_executor(self._thread, self._client.poll, timeout_s)
        message = await asyncio.shield(self._coming)
        self._coming = None
        if message is not None:
            self._receive([message])

    def _follow(self) -> None:
        """Fetch what is assigned now from where it is to be read; most often that is what is done already."""
        if self._assignment is not (assignment := self._positions.assignment):
            self._positions.moved.clear()
            self._leave([*self._partitions])
            self._assignment = assignment
        while self._positions.moved:
            self._leave([self._positions.moved.popleft()])
        if assignment and len(self._partitions) < len(assignment.tps):
            states = {TP(*tp): assignment.state_value(tp) for tp in assignment.tps}
            new = {tp: _Partition(tp, state) for tp, state in states.items() if self._is_new(tp, state)}
            self._partitions |= new
            if new:
                self._client.incremental_assign([each.place for each in new.values()])
        if time.monotonic() > self._hears_at:
            self._hears_at = time.monotonic() + _ENDS_S
            for partition in self._partitions.values():
                partition.hear(self._client.get_watermark_offsets(partition.place, cached=True)[1])

    def _is_new(self, tp: TP, state: Any) -> bool:
        return tp not in self._partitions and bool(state.has_valid_position)

    def _leave(self, tps: Iterable[TP]) -> None:
        left = [self._partitions.pop(tp) for tp in tps if tp in self._partitions]
        if resting := [each.place for each in left if each.rests]:
            self._client.resume(resting)
        if left:
            self._client.incremental_unassign([each.place for each in left])

    def _receive(self, messages: Iterable[Message]) -> None:
        for message in messages:
            error = message.error()
            if error and error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                self._refused = TopicAuthorizationFailedError(message.topic())
            if error and error.code() != KafkaError._PARTITION_EOF:
                continue  # librdkafka only tells of it, and tries again
            place: Any = (message.topic(), message.partition())
            if partition := self._partitions.get(place):
                partition.hold(message)
                if partition.bytes > _HELD_BYTES and not partition.rests:
                    self._client.pause([partition.place])
                    partition.rests = True

    def _give(self, wanted: Collection[TP], most: int) -> Records:
        given: Records = {}
        for tp, partition in self._partitions.items():
            if most and partition.held and (not wanted or tp in wanted):
                if records := [*partition.give(most)]:
                    given[tp] = records
                    most -= len(records)
                if partition.rests and not partition.held:
                    self._client.resume([partition.place])
                    partition.rests = False
        if self._refused and not given:
            refused, self._refused = self._refused, None
            raise refused
        return given


def _record(message: Message) -> ConsumerRecord:
    key, value, (kind, at_ms) = message.key(), message.value(), message.timestamp()
    return ConsumerRecord(
        message.topic(),
        message.partition(),
        message.offset(),
        at_ms,
        kind - 1,  # librdkafka counts from 1, for it has one for none
        key,
        value,
        None,
        -1 if key is None else len(key),
        -1 if value is None else len(value),
        tuple(message.headers() or ()),
    )
