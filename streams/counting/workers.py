"""Counting beside the stages of a worker: one Faust app follows the cameras, another keeps the book of visits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from confluent_kafka.admin import AdminClient

from functions.counting.ledger import Count
from streams.chain.counts_section import NAME, CountsConf
from streams.chain.types import Chain
from streams.counting.counts_app import BookApp
from streams.counting.table_app import Kept
from streams.counting.visits_app import FollowApp
from streams.kafka import counting_topics
from streams.runtime.supervisor import AppWorker
from streams.settings import Settings


class _CountingWorker(AppWorker):
    def __init__(self, name: str, chain: Chain, conf: CountsConf, settings: Settings) -> None:
        super().__init__(name, settings)
        self._chain, self._conf = chain, conf
        self._kept = Kept()

    @property
    def counts(self) -> Counter[str]:
        """How many records came to what."""
        return self._kept.counts

    def warm_up(self) -> None:
        """Nothing is loaded."""


class FollowWorker(_CountingWorker):
    """Follows the cameras: from frames to visits."""

    def make_topics(self, client: AdminClient) -> None:
        """Have the topics there. Raises BusError."""
        self._partitions = counting_topics.make_for_cameras(client, self._settings, self._chain, self._conf)

    def new_app(self) -> FollowApp:
        """A Faust app of its own."""
        return FollowApp(self._conf, self._partitions, self._settings, self._kept, self.refuse)


class BookWorker(_CountingWorker):
    """Keeps the book: from visits to counts."""

    _book: BookApp | None = None

    def make_topics(self, client: AdminClient) -> None:
        """Have the topics there. Raises BusError."""
        counting_topics.make_for_book(client, self._settings, self._chain)

    def new_app(self) -> BookApp:
        """A Faust app of its own."""
        self._book = BookApp(self._conf, self._settings, self._kept, self.refuse)
        return self._book

    @property
    def told(self) -> Iterable[Count]:
        """The newest counts, where this process keeps the book."""
        return tuple(self._book.told.values()) if self._book else ()


def workers(chain: Chain, conf: CountsConf, settings: Settings) -> list[AppWorker]:
    """What counts, as services of a worker."""
    return [FollowWorker(NAME, chain, conf, settings), BookWorker(f"{NAME}-book", chain, conf, settings)]
