"""The ledger's Faust app: reads visits, keeps each in a table, publishes the counts made of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import msgspec
from aiokafka.errors import KafkaError
from faust.exceptions import ProducerSendError
from faust.types import TP, EventT

from functions.counting.ledger import Closed, Count, Ledger
from functions.counting.visits import Visit
from streams.chain.counts_section import NAME, CountsConf
from streams.kafka.counting_topics import LEDGER, ledger_group
from streams.runtime.errors import Stopped
from streams.runtime.lag import held
from streams.runtime.logs import Seldom
from streams.runtime.supervisor import Refuse
from streams.runtime.table_app import RestartState, TableApp
from streams.settings import Settings
from streams.wire import counts
from streams.wire.counts import COUNTS, VISITS, Counted, WireVisit
from streams.wire.records import RecordError, present

log = logging.getLogger(__name__)

_PUBLISH_EVERY_S = 1.0
# The share of the time that counting may take: it is a third of a second with 20,000 visits.
_TIME_SHARE = 0.05
_CLOSED, _BEGAN = "closed", "began"  # rows beside those of visits


class LedgerApp(TableApp):
    """The Faust app that turns visits into counts; `published` are the newest ones."""

    def __init__(self, conf: CountsConf, settings: Settings, state: RestartState, refuse: Refuse) -> None:
        super().__init__(NAME, ledger_group(), VISITS, LEDGER, 1, settings, state, refuse)
        self.published: dict[tuple[Any, ...], Count] = {}
        self._conf = conf
        self._ledger: Ledger | None = None
        self._newest = 0
        self._changed = False
        self._next_at = 0.0
        self._seldom = Seldom(log)
        self.table.on_recover(self._recovered)
        self.app.timer(_PUBLISH_EVERY_S)(self._publish)

    @property
    def missing(self) -> frozenset[str]:
        """None once the group is stable: the topic has one partition, and all members but one are on standby."""
        return frozenset() if self.app.rebalancing_count else super().missing

    async def process(self, event: EventT[bytes]) -> None:
        """Add one state of a visit to the ledger and the table."""
        value = present(event.message.value)
        visit = _visit(value)
        ledger = self._restored_ledger()
        if not ledger.add(visit):
            return
        self._changed = True
        self.table[_key(visit)] = value
        if _BEGAN not in self.table:
            self.table[_BEGAN] = msgspec.msgpack.encode(ledger.began_at)
        self._newest = max(self._newest, visit.last_at)
        # Neither a camera nor a broker whose clock is ahead closes a day.
        if closed := ledger.due(min(self._newest, round(event.message.timestamp * 1e6))):
            self.table[_CLOSED] = msgspec.msgpack.encode(closed)
            for old in ledger.close(closed):
                del self.table[_key(old)]
            self.published = {key: count for key, count in self.published.items() if count.window.open_at(closed.until)}

    def forget(self) -> None:
        """Restore the ledger from the table when it is needed next."""
        self._ledger, self._changed = None, False
        self.published.clear()

    async def _recovered(self) -> None:
        self._changed = True

    def _restored_ledger(self) -> Ledger:
        if self._ledger is None:
            rows = dict(self.table.items())
            closed, began = rows.pop(_CLOSED, None), rows.pop(_BEGAN, None)
            self._ledger = Ledger(
                self._conf.near_m,
                self._conf.zone(),
                msgspec.msgpack.decode(closed, type=Closed) if closed else None,
                msgspec.msgpack.decode(began, type=int) if began else None,
            )
            # The last first: a visit that is still open keeps what was known of it before a day was closed.
            for visit in sorted(_visits(rows.values()), key=lambda each: -each.last_at):
                self._ledger.add(visit)
                self._newest = max(self._newest, visit.last_at)
        return self._ledger

    async def _publish(self) -> None:
        """Publish what has changed; no error ends the timer."""
        try:
            await self._publish_changed()
        except Exception as error:
            self._changed = True
            self._seldom.warning(type(error).__name__, f"Counts cannot be told: {error!r}", {"stage": NAME})

    async def _publish_changed(self) -> None:
        """Publish every count that has changed; after a start, all of windows that are open."""
        mine = TP(VISITS, 0) in held(self.app) and self.app.tables.actives_ready
        if not (mine and self._changed) or time.monotonic() < self._next_at:
            return
        self._changed, began = False, time.monotonic()
        changed = [count for count in self._restored_ledger().counts() if self._is_new(count)]
        self._next_at = time.monotonic() + (time.monotonic() - began) / _TIME_SHARE
        try:
            await asyncio.gather(*map(self._send_count, changed))
        except (KafkaError, ProducerSendError) as error:
            self._refuse(Stopped(f"cannot write its output: {error!r}"))

    def _is_new(self, count: Count) -> bool:
        before = self.published.get((count.window, count.source))
        return before is None or before._replace(updated_at=count.updated_at) != count

    async def _send_count(self, count: Count) -> None:
        window = count.window
        record = Counted(
            window=window.kind,
            starts_at=window.starts_at,
            ends_at=window.ends_at,
            source=count.source,
            visitors=count.visitors,
            unique=count.unique,
            updated_at=count.updated_at,
            restarted_at=count.restarted_at,
        )
        await self.send(COUNTS, (count.source or "").encode(), counts.encode(record))
        self.published[window, count.source] = count


def _visit(value: bytes) -> Visit:
    return msgspec.convert(counts.decode(value, WireVisit), Visit, from_attributes=True)


def _visits(values: Iterable[bytes]) -> Iterator[Visit]:
    """The visits of all rows that can be decoded: a bad row must not keep the ledger from being restored."""
    for value in values:
        with suppress(RecordError):
            yield _visit(value)


def _key(visit: Visit) -> str:
    return f"{visit.id}/{visit.minute}"
