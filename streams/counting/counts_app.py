"""Keeps the book of visits: visits in, counts out. Each visit is a row of a table; counts are read from the rows."""

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
from streams.counting.table_app import CountingApp, Kept
from streams.kafka.counting_topics import BOOK, book_group
from streams.runtime.errors import Stopped
from streams.runtime.lag import held
from streams.runtime.logs import Seldom
from streams.runtime.supervisor import Refuse
from streams.settings import Settings
from streams.wire import counts
from streams.wire.counts import COUNTS, VISITS, Counted, WireVisit
from streams.wire.records import RecordError, present

log = logging.getLogger(__name__)

_TELL_EVERY_S = 1.0
# Counting again takes no larger share of the time: it is a third of a second with 20,000 visits.
_SHARE = 0.05
_CLOSED, _BEGAN = "closed", "began"  # rows beside those of visits


class BookApp(CountingApp):
    """The Faust app that keeps the book; `told` are the newest counts."""

    def __init__(self, conf: CountsConf, settings: Settings, kept: Kept, refuse: Refuse) -> None:
        super().__init__(book_group(), VISITS, BOOK, 1, settings, kept, refuse)
        self.told: dict[tuple[Any, ...], Count] = {}
        self._conf = conf
        self._ledger: Ledger | None = None
        self._newest = 0
        self._news = False
        self._next_at = 0.0
        self._seldom = Seldom(log)
        self.table.on_recover(self._recovered)
        self.app.timer(_TELL_EVERY_S)(self._tell)

    @property
    def missing(self) -> frozenset[str]:
        """Nothing, once the group has come together: its topic has one partition, and the others stand by."""
        return frozenset() if self.app.rebalancing_count else super().missing

    async def take(self, event: EventT[bytes]) -> None:
        """One visit, as far as it goes."""
        value = present(event.message.value)
        visit = _visit(value)
        ledger = self._book()
        if not ledger.add(visit):
            return
        self._news = True
        self.table[_key(visit)] = value
        if _BEGAN not in self.table:
            self.table[_BEGAN] = msgspec.msgpack.encode(ledger.began_at)
        self._newest = max(self._newest, visit.last_at)
        # Neither a camera nor a broker whose clock is ahead closes a day.
        if closed := ledger.due(min(self._newest, round(event.message.timestamp * 1e6))):
            self.table[_CLOSED] = msgspec.msgpack.encode(closed)
            for gone in ledger.close(closed):
                del self.table[_key(gone)]
            self.told = {key: count for key, count in self.told.items() if count.window.open_at(closed.until)}

    def forget(self) -> None:
        """The book is made again, from a table that others may have written."""
        self._ledger, self._news = None, False
        self.told.clear()

    async def _recovered(self) -> None:
        self._news = True

    def _book(self) -> Ledger:
        if self._ledger is None:
            rows = dict(self.table.items())
            closed, began = rows.pop(_CLOSED, None), rows.pop(_BEGAN, None)
            self._ledger = Ledger(
                self._conf.near_m,
                self._conf.zone(),
                msgspec.msgpack.decode(closed, type=Closed) if closed else None,
                msgspec.msgpack.decode(began, type=int) if began else None,
            )
            # The last first: who is still open keeps what was told of them before a day was closed.
            for visit in sorted(_visits(rows.values()), key=lambda each: -each.last_at):
                self._ledger.add(visit)
                self._newest = max(self._newest, visit.last_at)
        return self._ledger

    async def _tell(self) -> None:
        """Tell the news; nothing that is wrong with them ends the timer."""
        try:
            await self._tell_news()
        except Exception as error:
            self._news = True
            self._seldom.warning(type(error).__name__, f"Counts cannot be told: {error!r}", {"stage": NAME})

    async def _tell_news(self) -> None:
        """Every count that has changed; all that are open, where this process has just begun."""
        mine = TP(VISITS, 0) in held(self.app) and self.app.tables.actives_ready
        if not (mine and self._news) or time.monotonic() < self._next_at:
            return
        self._news, began = False, time.monotonic()
        news = [count for count in self._book().counts() if self._is_new(count)]
        self._next_at = time.monotonic() + (time.monotonic() - began) / _SHARE
        try:
            await asyncio.gather(*map(self._send_count, news))
        except (KafkaError, ProducerSendError) as error:
            self._refuse(Stopped(f"cannot write its output: {error!r}"))

    def _is_new(self, count: Count) -> bool:
        before = self.told.get((count.window, count.source))
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
        self.told[window, count.source] = count


def _visit(value: bytes) -> Visit:
    return msgspec.convert(counts.decode(value, WireVisit), Visit, from_attributes=True)


def _visits(values: Iterable[bytes]) -> Iterator[Visit]:
    """Those that can be read: one row that cannot must not keep the book closed."""
    for value in values:
        with suppress(RecordError):
            yield _visit(value)


def _key(visit: Visit) -> str:
    return f"{visit.id}/{visit.minute}"
