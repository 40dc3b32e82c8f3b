"""Offsets that never came: records that the broker deleted before the stage could read them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, cast

from faust.types import EventT

from streams.runtime.faust_app import BusApp, Consumer


class ExpiredOffsets:
    """Knows for each partition which offset comes next."""

    def __init__(self, app: BusApp, missed: Callable[[Any, int], object]) -> None:
        self._app, self._missed = app, missed
        self._next: dict[tuple[str, int], int] = {}

    async def watched(self, stream: Any) -> AsyncIterator[EventT[bytes]]:
        """The events of a stream; `missed` is told of a message how many records before it were deleted unread."""
        async for event in stream.events():
            message = event.message
            committed = cast(Consumer, self._app.consumer)._committed_offset[message.tp]
            if missing := self.before(message.topic, message.partition, message.offset, committed):
                self._missed(message, missing)
            yield event

    def before(self, topic: str, partition: int, offset: int, committed: int | None) -> int:
        """How many records are missing before this one; `committed` is where the group began, None if nowhere yet."""
        expected = self._next.get((topic, partition), offset if committed is None else committed)
        self._next[topic, partition] = offset + 1
        return max(0, offset - expected)

    def forget(self) -> None:
        """Begin anew: partitions have come and gone."""
        self._next.clear()
