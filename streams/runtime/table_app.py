"""The base of Faust apps with a table: one agent; a record is acked when its results and its rows are on the bus."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import faust
from aiokafka.errors import KafkaError
from faust.exceptions import ProducerSendError
from faust.types import EventT, FutureMessage, StreamT

from streams.chain.types import dead_letters_of
from streams.runtime.errors import Stopped, dead_letter_headers, fields_of, text_of
from streams.runtime.faust_app import bus_app
from streams.runtime.poison_records import PoisonRecords
from streams.runtime.supervisor import ReadingApp, Refuse, until_stopped
from streams.settings import Settings
from streams.wire.reading import redriven_mark


class FlushableTable(faust.Table[str, bytes]):
    """A table in memory (text to bytes) whose changelog can be flushed before a record is acknowledged."""

    mundane_level = "debug"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._pending: list[FutureMessage] = []

    def send_changelog(self, *arguments: Any, **options: Any) -> FutureMessage:
        """Send one change, and keep its future for `flush`."""
        sending = super().send_changelog(*arguments, **options)
        self._pending.append(sending)
        return sending

    def put(self, key: str, value: bytes, partition: int) -> None:
        """Write a row that is of that partition, whatever partition the record at hand is of; also without one."""
        self.data[key] = value
        self.send_changelog(partition, key, value)

    def forget(self, key: str, partition: int) -> None:
        """Delete a row that is of that partition, whatever partition the record at hand is of."""
        self.data.pop(key, None)
        self.send_changelog(partition, key, None)

    async def flush(self) -> None:
        """Wait until the broker has every change. Raises KafkaError."""
        pending, self._pending = self._pending, []
        for sending in pending:
            await sending


log = logging.getLogger(__name__)


@dataclass
class RestartState:
    """State that outlives a restart of the app: counts of records by outcome, and poison records."""

    counts: Counter[str] = field(default_factory=Counter)
    suspects: PoisonRecords = field(default_factory=PoisonRecords)


class TableApp(ReadingApp):
    """Processes the records of one topic one by one; `name` is that of its dead letters."""

    def __init__(
        self,
        name: str,
        group: str,
        topic: str,
        table: str,
        partitions: int,
        settings: Settings,
        state: RestartState,
        refuse: Refuse,
    ) -> None:
        super().__init__(bus_app(group, settings, table_standby_replicas=0), [topic])
        self._name, self._state, self._refuse = name, state, refuse
        # Its changelog exists, with as many partitions as the input topic.
        self.table = FlushableTable(
            self.app, name=table, partitions=partitions, key_type=str, value_type=bytes, store="memory://"
        )
        self.app.tables.add(self.table)
        self.app.on_partitions_revoked.connect(lambda *_, **__: self.forget(), weak=False)
        # Once a table is restored, Faust empties its queues after it has asked for records: those would never come.
        self.app.on_rebalance_complete.connect(lambda *_, **__: self.app.consumer.stop_flow(), weak=False)

        @self.app.agent(self.app.topic(topic), name=name)
        async def run(stream: StreamT[bytes]) -> None:
            await until_stopped(self._run(stream), refuse)

    @abstractmethod
    async def process(self, event: EventT[bytes]) -> None:
        """Process one record: publish its results, update the table. Raises RecordError for one that cannot be read."""

    @abstractmethod
    def forget(self) -> None:
        """Drop what is cached of the table, since partitions were revoked."""

    def events(self, stream: Any) -> AsyncIterator[EventT[bytes]]:
        """The events of the stream, in order."""
        events: AsyncIterator[EventT[bytes]] = stream.events()
        return events

    async def send(self, topic: str, key: bytes | None, value: bytes, headers: dict[str, bytes] | None = None) -> None:
        """Write one record and wait until the broker has it."""
        await (await self.app.output(topic).send(key=key, value=value, headers=headers))

    async def _run(self, stream: Any) -> None:
        async for event in self.events(stream.noack()):
            with self._state.suspects.answering_for(event.message):
                try:
                    await self._process_or_dead_letter(event)
                except (KafkaError, ProducerSendError) as error:
                    raise Stopped(f"cannot write its output: {error!r}") from error
                event.ack()

    async def _process_or_dead_letter(self, event: EventT[bytes]) -> None:
        if redriven_mark(event.message.headers):  # of yesterday, or counted already
            self._state.counts["skipped"] += 1
            return
        try:
            self._state.suspects.refuse(event.message)
            await self.process(event)
            await self.table.flush()
        except (KafkaError, ProducerSendError):
            raise
        except Exception as error:
            self._state.counts["dead"] += 1
            await self.refused(event.message, error)
        else:
            self._state.counts["done"] += 1

    async def refused(self, message: Any, error: Exception) -> None:
        """Make a dead letter of a record that cannot be processed."""
        reason, fields = text_of(error), fields_of(self._name, message)
        log.warning("Stage %s: a dead letter: %s", self._name, reason, extra={"fields": fields | {"reason": reason}})
        headers = dead_letter_headers(self._name, message, reason)
        await self.send(dead_letters_of(self._name), message.key, message.value or b"", headers)
