"""The newest alerts, kept in memory: what comes twice is kept once."""

from __future__ import annotations

from collections.abc import Iterator

from streams.wire.alerts import Alert, Summary, decode

# Alerts of a week of ten rules, each with as many as it may send in an hour of each day.
MOST = 2000


class LatestAlerts:
    """The alerts that came last, by id."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._newest: dict[str, Alert | Summary] = {}

    def take(self, value: bytes | None) -> None:
        """Keep a record of `ALERTS`; the one that came first goes. Raises RecordError."""
        record = decode(value)
        self._newest.setdefault(record.id, record)
        if len(self._newest) > self._most:
            del self._newest[next(iter(self._newest))]

    @property
    def rules(self) -> list[str]:
        """The rules there are alerts of."""
        return sorted({each.rule for each in self._newest.values()})

    @property
    def sources(self) -> list[str]:
        """The cameras there are alerts of."""
        return sorted({source for each in self._newest.values() for source in _sources(each)})

    def of(self, rule: str | None, source: str | None) -> list[Alert | Summary]:
        """Those of a rule and a camera, None for any; the newest first."""
        found = (each for each in self._newest.values() if rule in (None, each.rule))
        return sorted((each for each in found if source is None or source in _sources(each)), key=lambda each: -each.at)


def _sources(record: Alert | Summary) -> Iterator[str]:
    if isinstance(record, Alert):
        yield record.source
    else:
        yield from record.sources
