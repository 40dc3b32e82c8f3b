"""Counting in a worker: one Faust app makes visits of frames, another counts of visits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from confluent_kafka.admin import AdminClient

from functions.counting.ledger import Count
from streams.chain.counts_section import NAME, CountsConf
from streams.chain.types import Chain
from streams.counting.ledger_app import LedgerApp
from streams.counting.visits_app import VisitsApp
from streams.kafka import counting_topics
from streams.runtime.supervisor import AppWorker
from streams.runtime.table_app import RestartState
from streams.settings import Settings


class _CountingWorker(AppWorker):
    def __init__(self, name: str, chain: Chain, conf: CountsConf, settings: Settings) -> None:
        super().__init__(name, settings)
        self._chain, self._conf = chain, conf
        self._state = RestartState()

    @property
    def counts(self) -> Counter[str]:
        return self._state.counts


class VisitsWorker(_CountingWorker):
    """Runs the app that makes visits of frames."""

    def make_topics(self, client: AdminClient) -> None:
        self._partitions = counting_topics.make_for_visits(client, self._settings, self._chain, self._conf)

    def new_app(self) -> VisitsApp:
        return VisitsApp(self._conf, self._partitions, self._settings, self._state, self.refuse)


class LedgerWorker(_CountingWorker):
    """Runs the app that makes counts of visits."""

    _ledger: LedgerApp | None = None

    def make_topics(self, client: AdminClient) -> None:
        counting_topics.make_for_ledger(client, self._settings, self._chain)

    def new_app(self) -> LedgerApp:
        self._ledger = LedgerApp(self._conf, self._settings, self._state, self.refuse)
        return self._ledger

    @property
    def published(self) -> Iterable[Count]:
        """The newest counts, where this process holds the ledger's partition."""
        return tuple(self._ledger.published.values()) if self._ledger else ()


def workers(chain: Chain, conf: CountsConf, settings: Settings) -> list[AppWorker]:
    """The two apps of counting, as services of a worker."""
    return [VisitsWorker(NAME, chain, conf, settings), LedgerWorker(f"{NAME}-book", chain, conf, settings)]
