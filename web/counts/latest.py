"""The newest count of every window and camera, a bounded number of them."""

from __future__ import annotations

from itertools import takewhile

import msgspec
from msgspec import Struct

from streams.wire.counts import Counted

# Hours of a month for 25 cameras; beyond that the windows that began first are dropped.
MAX_WINDOWS = 20_000

Key = tuple[str, int, str | None]


class _News(Struct, frozen=True, tag_field="say", tag="counts"):
    records: list[Counted]


class LatestCounts:
    """The newest counts; `number` grows with every change."""

    def __init__(self, max_windows: int = MAX_WINDOWS) -> None:
        self.number = 0
        self._max_windows = max_windows
        self._newest: dict[Key, tuple[int, Counted]] = {}  # in order of change

    def put(self, record: Counted) -> None:
        """Store a record in place of the one of the same window and source."""
        self.number += 1
        key = (record.window, record.starts_at, record.source)
        self._newest.pop(key, None)
        self._newest[key] = self.number, record
        if len(self._newest) > self._max_windows:
            del self._newest[min(self._newest, key=lambda key: (key[0] == "running", key[1]))]

    def since(self, number: int) -> list[Counted]:
        """The counts that changed after this number."""
        newer = takewhile(lambda each: each[0] > number, reversed(self._newest.values()))
        return [record for _, record in newer]

    def message(self, number: int) -> str:
        """The websocket message with the counts that changed after this number."""
        return msgspec.json.encode(_News(self.since(number))).decode()
