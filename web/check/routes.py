"""The addresses of a check, for operators only: the frames to be marked, the marks, and the result."""

from __future__ import annotations

import re
import time
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from web.auth.guard import Guard
from web.auth.handlers import as_json, body_of, operators_only, source_of
from web.check.desk import Desk, Gone
from web.check.people import Person
from web.check.report import report
from web.check.sampler import HOLD_S, Chosen, Sample
from web.check.tally import Check
from web.live.protocol import Side, framed, sides

# A browser asks again after so long without a frame; proxies end what takes longer than a minute.
_WAIT_S = 10.0
_MARKS_BYTES = 4096
# What a file's name in a header has not.
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")


class Marks(Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator says of a frame: the exposed of its people, by index, and how many others are."""

    sample: Annotated[str, Meta(max_length=64)]
    exposed: Annotated[list[Annotated[int, Meta(ge=0)]], Meta(max_length=64)]
    others: Annotated[int, Meta(ge=0, le=64)] = 0


class _Header(Struct, frozen=True):
    sample: str
    chosen: Chosen
    why: str
    held_ms: int
    people: tuple[Person, ...]
    sides: list[Side]


class Result(Struct, frozen=True):
    """What the page says is known."""

    sentence: str
    frames: int
    people: int
    exposed: int
    doubts: str
    left: int
    hours: list[int]


class CheckRoutes:
    """The routes of one desk."""

    def __init__(self, desk: Desk, guard: Guard) -> None:
        self._desk, self._guard = desk, guard

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/check/sample", self._sample)
        app.router.add_get("/check/result", self._result)
        app.router.add_get("/check/report", self._report)
        app.router.add_post("/check/marks", self._marks)
        app.router.add_post("/check/anew", self._anew)
        app.on_shutdown.append(self._close)

    async def _close(self, app: web.Application) -> None:
        self._desk.close()

    @operators_only
    async def _sample(self, request: web.Request) -> web.StreamResponse:
        source = source_of(request)
        sample = await self._desk.sample(source, _WAIT_S)
        # Who has logged out or gone away while it was waited for gets none.
        if not self._guard.is_open(request["session"]):
            raise web.HTTPUnauthorized
        if sample is None and source in self._desk.ended:
            return web.Response(status=205)  # a browser writes 4xx into its log, and nothing is wrong
        if sample is None or request.transport is None or request.transport.is_closing():
            return web.Response(status=204)
        self._desk.show(sample)
        return web.Response(body=_message(sample, time.monotonic()), content_type="application/octet-stream")

    @operators_only
    async def _marks(self, request: web.Request) -> web.StreamResponse:
        marks = await body_of(request, _MARKS_BYTES, Marks, "marks")
        try:
            return _answer(self._desk.mark(marks.sample, marks.exposed, marks.others))
        except IndexError as error:
            raise web.HTTPBadRequest(text=f"Expected marks: {error}\n") from None
        except Gone as error:
            raise web.HTTPGone(text=f"{error}\n") from None

    @operators_only
    async def _result(self, request: web.Request) -> web.StreamResponse:
        return _answer(self._desk.checks.last(source_of(request)))

    @operators_only
    async def _anew(self, request: web.Request) -> web.StreamResponse:
        self._desk.checks.begin_anew(source_of(request))
        return _answer(None)

    @operators_only
    async def _report(self, request: web.Request) -> web.StreamResponse:
        check = self._desk.checks.last(source_of(request))
        if check is None:
            raise web.HTTPNotFound(text="Expected a camera that was checked\n")
        day = time.strftime("%Y-%m-%d", time.gmtime(check.updated_at))
        name = f"imagebus-check-{_NO_NAME.sub('_', check.source)}-{day}.html"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(text=report(check, self._desk.topics), content_type="text/html", headers=headers)


def _message(sample: Sample, now: float) -> bytes:
    jpegs = {side: frame.record.jpeg for side, frame in sample.pair.sides}
    held_ms = round((sample.drawn_at + HOLD_S - now) * 1000)
    about = sides(sample.pair, jpegs, now)
    return framed(_Header(sample.id, sample.chosen, sample.why, held_ms, sample.people, about), jpegs)


def _answer(check: Check | None) -> web.Response:
    return as_json(_result_of(check))


def _result_of(check: Check | None) -> Result | None:
    if check is None or check.ended:
        return None
    return Result(
        sentence=check.random.sentence,
        frames=check.random.frames,
        people=check.random.people,
        exposed=check.random.exposed,
        doubts=check.doubt.counts if check.doubt.frames else "",
        left=check.left,
        hours=check.hours,
    )
