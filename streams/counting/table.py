"""A Faust table that can be waited for: what was written is on the bus before anything is acknowledged."""

from __future__ import annotations

from typing import Any

import faust
from faust.types import FutureMessage

from streams.runtime.faust_app import BusApp


class SureTable(faust.Table[str, bytes]):
    """Text to bytes, in memory, restored from its changelog."""

    mundane_level = "debug"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._unsure: list[FutureMessage] = []

    def send_changelog(self, *arguments: Any, **options: Any) -> FutureMessage:
        """Send one change, and remember that it is under way."""
        sending = super().send_changelog(*arguments, **options)
        self._unsure.append(sending)
        return sending

    def forget(self, key: str, partition: int) -> None:
        """Delete a row that is of that partition, whatever partition the record at hand is of."""
        self.data.pop(key, None)
        self.send_changelog(partition, key, None)

    async def settled(self) -> None:
        """Back when the broker has every change. Raises KafkaError."""
        unsure, self._unsure = self._unsure, []
        for sending in unsure:
            await sending


def sure_table(app: BusApp, name: str, partitions: int) -> SureTable:
    """A table of the app; its changelog has as many partitions as the topic that is read, and is there."""
    table = SureTable(app, name=name, partitions=partitions, key_type=str, value_type=bytes, store="memory://")
    app.tables.add(table)
    return table
