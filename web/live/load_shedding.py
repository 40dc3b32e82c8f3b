"""Load shedding: the viewer seeks to the newest records where it cannot keep up."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from aiokafka.errors import KafkaError
from faust.exceptions import ConsumerNotStarted
from faust.types import TP
from mode import Service

from streams.runtime.faust_app import BusApp
from streams.runtime.lag import Lag
from streams.runtime.logs import Seldom
from web.live.newest import NewestFrames

_LOOK_S = 1.0
# A file that is produced at once may take as long to read without losing a frame.
BEHIND_S = 2.0
# A partition may be revoked at any moment; the next round has the current assignment.
_LOST = (KafkaError, ConsumerNotStarted, AssertionError, TimeoutError)
# Left of each partition, so that cameras beside a flood have a frame among them.
KEPT_RECORDS = 100

_seldom = Seldom(logging.getLogger(__name__))


class LoadShedding(Service):
    """Seeks forward in partitions whose lag is too long for live pictures."""

    mundane_level = "debug"

    def __init__(self, app: BusApp, lag: Lag, newest: NewestFrames, skipped: Callable[[], None]) -> None:
        super().__init__()
        self._app, self._lag, self._newest, self._skipped = app, lag, newest, skipped
        self._was_late = False

    @Service.task
    async def _see_that_it_is_live(self) -> None:
        while not self.should_stop:
            taken, since = self._newest.read, time.monotonic()
            await self.sleep(_LOOK_S)
            self._newest.sources.forget_silent(time.monotonic())
            waiting = self._lag.by_partition()
            late = is_late(waiting, (self._newest.read - taken) / (time.monotonic() - since))
            # Twice in a row: only a second that was busy throughout measures how many records can be read.
            if late and self._was_late:
                with suppress(*_LOST):
                    await self._skip(waiting)
            self._was_late = late

    async def _skip(self, waiting: Mapping[TP, int]) -> None:
        consumer = self._app.consumer
        left_out = {tp: records - KEPT_RECORDS for tp, records in waiting.items() if records > KEPT_RECORDS}
        await consumer.seek_wait({tp: consumer.highwater(tp) - KEPT_RECORDS for tp in left_out})
        self._skipped()
        for tp, records in left_out.items():
            self._newest.skipped[tp.topic] += records
            _seldom.warning(
                tp.topic,
                f"{tp.topic}: more records come than can be read, {records} of partition {tp.partition} are skipped",
                {"topic": tp.topic, "partition": tp.partition, "skipped": records},
            )


def is_late(waiting: Mapping[TP, int], read_per_s: float) -> bool:
    """Whether reading the lag would take longer than live pictures may be late."""
    return max(waiting.values(), default=0) > KEPT_RECORDS and sum(waiting.values()) > BEHIND_S * read_per_s
