"""Expired offsets: records that the broker deleted before they were read."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, cast

from faust.types import TP, EventT

from streams.kafka.faust_consumer import Consumer
from streams.runtime.errors import fields_of
from streams.runtime.faust_app import BusApp

log = logging.getLogger(__name__)


class ExpiredOffsets:
    """Finds gaps in the offsets of a stream, adds them to `counts["expired"]`, and logs them for `who`."""

    def __init__(self, app: BusApp, stage: str, who: str, counts: Counter[str]) -> None:
        self._app, self._stage, self._who, self._counts = app, stage, who, counts
        self._next: dict[TP, int] = {}

    async def watched(self, stream: Any) -> AsyncIterator[EventT[bytes]]:
        """The events of a stream, unchanged."""
        async for event in stream.events():
            message = event.message
            committed = cast(Consumer, self._app.consumer)._committed_offset[message.tp]
            expected = self._next.get(message.tp, message.offset if committed is None else committed)
            self._next[message.tp] = message.offset + 1
            if (missing := message.offset - expected) > 0:
                self._counts["expired"] += missing
                text = f"{self._who}: {missing} records before %s@%d/%d expired unread"
                place, fields = (message.topic, message.partition, message.offset), fields_of(self._stage, message)
                log.warning(text, *place, extra={"fields": fields})
            yield event

    def forget(self) -> None:
        """Start over, since partitions were reassigned."""
        self._next.clear()
