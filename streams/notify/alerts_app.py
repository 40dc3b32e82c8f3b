"""The alerts' Faust app: judges frames by the rules, keeps what they know and what waits to be told in a table."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from faust.types import EventT

from functions.core.frame import Frame
from functions.counting.windows import LATEST
from streams.notify.alerting import Alerting, Rule
from streams.notify.numbers import Numbers
from streams.notify.outbox import Outbox
from streams.runtime.errors import fields_of, text_of
from streams.runtime.lag import held
from streams.runtime.logs import Seldom
from streams.runtime.supervisor import Refuse
from streams.runtime.table_app import RestartState, TableApp
from streams.settings import Settings
from streams.wire.reading import named_frame_of
from streams.wire.records import RecordError
from streams.zones.areas import Areas

log = logging.getLogger(__name__)

NAME, TABLE = "notify", "alerts"
_TICK_S = 1.0
_WATCHES_PER_SOURCE = 16


class AlertsApp(TableApp):
    """Reads one topic's frames for `numbers` and the rules; what is to be told goes into the outboxes.

    Where the topic is not `raw`, frames that no redactor has seen are left out.
    """

    def __init__(
        self,
        group: str,
        topic: str,
        raw: bool,
        partitions: int,
        rules: Sequence[Rule],
        areas: Areas,
        outboxes: Mapping[str, Outbox],
        numbers: Numbers,
        alerts: Counter[tuple[str, str]],
        settings: Settings,
        state: RestartState,
        refuse: Refuse,
    ) -> None:
        super().__init__(NAME, group, topic, TABLE, partitions, settings, state, refuse)
        self._topic, self._raw, self._numbers, self._areas = topic, raw, numbers, areas
        self._max_bytes = settings.max_record_bytes
        self._alerting = Alerting(self.table, rules, outboxes, _WATCHES_PER_SOURCE * settings.sources, alerts)
        self._restored = False
        self._seldom = Seldom(log)
        self.app.timer(_TICK_S)(self._tick)

    async def process(self, event: EventT[bytes]) -> None:
        """Judge one frame by all rules."""
        frame = self._checked(event)
        await self._areas.are_known.wait()
        self._restore()
        self._numbers.see(frame)
        self._alerting.judge(frame, event.message.partition)

    def _checked(self, event: EventT[bytes]) -> Frame:
        frame = named_frame_of(event.message, self._max_bytes, self._raw)
        if frame.captured_at > LATEST:
            raise RecordError(f"Expected a time with an hour and a day, at most {LATEST}, got {frame.captured_at}")
        return frame

    async def refused(self, message: Any, error: Exception) -> None:
        """Leave out a record that cannot be read: what leaves the bus has no dead letters of its own."""
        reason, fields = text_of(error), fields_of(NAME, message)
        self._seldom.warning(reason, f"A record of {message.topic} is left out: {reason}", fields | {"reason": reason})

    def forget(self) -> None:
        """Read the rows again when they are needed next."""
        self._restored = False
        self._alerting.clear()

    def _restore(self) -> None:
        """Take in the rows of the partitions that this process holds."""
        if self._restored:
            return
        self._restored = True
        mine = frozenset(each.partition for each in held(self.app) if each.topic == self._topic)
        for key, value in [*self.table.items()]:
            try:
                self._alerting.restore(key, value, mine)
            except ValueError:  # of another version
                self._seldom.warning("row", f"A row of the table {TABLE} is left out: {key}", {"stage": NAME})

    async def _tick(self) -> None:
        """Sum up what was held back, where that may be sent; no error ends the timer."""
        try:
            if held(self.app) and self.app.tables.actives_ready and not self.app.rebalancing:
                self._restore()
                self._alerting.sum_up()
        except Exception as error:
            self._seldom.warning(type(error).__name__, f"Alerts cannot be summed up: {error!r}", {"stage": NAME})
