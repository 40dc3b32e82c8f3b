"""The addresses of the last hour, for all who may see redacted pictures: numbers and reasons, a camera or all."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from aiohttp import web
from msgspec import Struct

from web.auth.credentials import OPERATOR
from web.auth.handlers import as_json, source_of
from web.check.checks import Checks
from web.check.tally import percent_up
from web.counts.latest import cell
from web.redaction.hour import SLICE_S, LastHour, Slice, Summary, by_slice

COLUMNS = (
    "source",
    "from",
    "frames",
    "hidden_mean",
    "hidden_most",
    "wholly_hidden",
    "in_doubt",
    "last_doubt",
    "missing",
)


class LastCheck(Struct, frozen=True):
    """What the last check of a camera has shown: of so many people so many were exposed, hence fewer than this share.

    `at` in seconds since the epoch.
    """

    exposed: int
    people: int
    fewer_than: str
    at: float


class Hour(Struct, frozen=True):
    """The last hour of one camera; `rows` as `by_slice` gives them, `now` in seconds since the epoch."""

    source: str
    topic: str
    now: float
    slice_s: int
    summary: Summary
    check: LastCheck | None
    rows: list[tuple[int, int, float, float, int, int, str, int]]


def last_check(checks: Checks | None, source: str) -> LastCheck | None:
    """What the last check of a camera has shown, None where there was none."""
    check = checks.last(source) if checks else None
    if check is None or not check.random.frames:
        return None
    tally = check.random
    return LastCheck(tally.exposed, tally.people, percent_up(tally.bound), check.updated_at)


class RedactionRoutes:
    """The routes of what the redaction tells."""

    def __init__(self, hour: LastHour, checks: Checks | None) -> None:
        self._hour, self._checks = hour, checks

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/redaction/hour", self._one)
        app.router.add_get("/redaction/sources", self._sources)
        app.router.add_get("/redaction.csv", self._file)

    async def _one(self, request: web.Request) -> web.StreamResponse:
        source = self._asked(request)
        hour = Hour(
            source=source,
            topic=self._hour.topic or "",
            now=time.time(),
            slice_s=SLICE_S,
            summary=self._hour.summary(source),
            check=last_check(self._checks, source),
            rows=list(by_slice(self._hour.slices(source))),
        )
        return as_json(hour)

    async def _sources(self, request: web.Request) -> web.StreamResponse:
        return as_json(self._hour.sources)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        sources = [self._asked(request)] if "source" in request.query else self._hour.sources
        text = as_csv((source, self._hour.slices(source)) for source in sources)
        headers = {"Content-Disposition": 'attachment; filename="imagebus-redaction.csv"'}
        return web.Response(text=text, content_type="text/csv", charset="utf-8", headers=headers)

    def _asked(self, request: web.Request) -> str:
        """The camera that is asked for. Raises HTTPNotFound where this role may not know whether there is one."""
        source, session = source_of(request), request["session"]
        if session.role != OPERATOR and not self._hour.is_shown(source):
            raise web.HTTPNotFound(text="Expected a camera that had a redacted frame in the last hour\n")
        return source


def as_csv(cameras: Iterable[tuple[str, list[Slice]]]) -> str:
    """A row for each camera and slice, times in UTC, shares from 0 to 1."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for source, slices in cameras:
        writer.writerows(_cells(source, slices))
    return text.getvalue()


def _cells(source: str, slices: list[Slice]) -> Iterator[list[str | int | float]]:
    for at, *numbers, doubt, missing in by_slice(slices):
        yield [cell(source), datetime.fromtimestamp(at, UTC).isoformat(), *numbers, cell(doubt), missing]
