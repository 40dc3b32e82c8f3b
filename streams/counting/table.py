"""A Faust table that can be flushed: its changelog is on the broker before a record is acknowledged."""

from __future__ import annotations

from typing import Any

import faust
from faust.types import FutureMessage

from streams.runtime.faust_app import BusApp


class FlushableTable(faust.Table[str, bytes]):
    """Text to bytes, in memory, restored from its changelog topic."""

    mundane_level = "debug"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._pending: list[FutureMessage] = []

    def send_changelog(self, *arguments: Any, **options: Any) -> FutureMessage:
        """Send one change, and keep its future for `flush`."""
        sending = super().send_changelog(*arguments, **options)
        self._pending.append(sending)
        return sending

    def forget(self, key: str, partition: int) -> None:
        """Delete a row that is of that partition, whatever partition the record at hand is of."""
        self.data.pop(key, None)
        self.send_changelog(partition, key, None)

    async def flush(self) -> None:
        """Wait until the broker has every change. Raises KafkaError."""
        pending, self._pending = self._pending, []
        for sending in pending:
            await sending


def flushable_table(app: BusApp, name: str, partitions: int) -> FlushableTable:
    """A table of the app; its changelog exists, with as many partitions as the input topic."""
    table = FlushableTable(app, name=name, partitions=partitions, key_type=str, value_type=bytes, store="memory://")
    app.tables.add(table)
    return table
