"""The addresses of what the bus still holds, for every role as far as it may see: how far back, a frame, a clip."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from itertools import takewhile
from typing import Annotated, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from functions.core.errors import UsageError
from streams.chain.types import Chain
from streams.kafka.compacted import NoTopic
from streams.kafka.topics import BusError
from streams.outputs.held import Bounds, HeldFrames
from streams.settings import Settings
from streams.wire.records import Record
from web.auth.guard import Guard
from web.auth.handlers import as_json
from web.auth.topics import seen_by
from web.held.clip import mp4_of, name_of
from web.held.turns import Turns
from web.live.pairing import LiveFrame, Pair, jpeg_of
from web.live.protocol import SourceName, TopicName, Width, picture

T = TypeVar("T")
_FRAME, _CLIP = Bounds(64 << 20, 8.0), Bounds(512 << 20, 60.0)
LONGEST_S = 120
# A page asks for one at a time.
LOOKING, LOOKS_WAITING = 2, 8

Moment = Annotated[int, Meta(ge=0, le=2**53)]


class Camera(Struct, frozen=True):
    """Of which topic and source it is asked how far back they are held."""

    topic: TopicName
    source: SourceName


class Frame(Struct, frozen=True):
    """A frame of `right` and the same one of `left`: the first captured at a time or later, or the last `before` it."""

    right: TopicName
    source: SourceName
    at: Moment
    left: TopicName | None = None
    before: bool = False
    width: Width | None = None


class Part(Struct, frozen=True):
    """The frames from one time to another."""

    topic: TopicName
    source: SourceName
    since: Moment
    until: Moment


class HeldRoutes:
    """The routes of what this chain's topics hold."""

    def __init__(self, settings: Settings, chain: Chain, guard: Guard) -> None:
        self._settings, self._chain, self._guard = settings, chain, guard
        self._looks, self._clips = Turns(LOOKING, LOOKS_WAITING), Turns(1, 1)

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/held", self._oldest)
        app.router.add_get("/held/frame", self._frame)
        app.router.add_get("/held/clip", self._clip)

    async def _oldest(self, request: web.Request) -> web.StreamResponse:
        asked = _asked(request, Camera)
        self._check(request, asked.topic)
        first = await self._run(request, self._looks, partial(self._first, asked))
        return as_json({"since": first and first.captured_at})

    async def _frame(self, request: web.Request) -> web.StreamResponse:
        asked = _asked(request, Frame)
        self._check(request, asked.right, *filter(None, [asked.left]))
        pair = await self._run(request, self._looks, partial(self._pair, asked))
        if pair is None:
            return web.Response(status=204)  # a browser writes 4xx into its log, and nothing is wrong
        jpegs = {side: await jpeg_of(frame, asked.width) for side, frame in pair.sides}
        message = picture("held", 0, pair, jpegs, time.monotonic())
        return web.Response(body=message, content_type="application/octet-stream")

    async def _clip(self, request: web.Request) -> web.StreamResponse:
        asked = _asked(request, Part)
        self._check(request, asked.topic)
        if not 0 < asked.until - asked.since <= LONGEST_S * 1_000_000:
            got_s = (asked.until - asked.since) / 1e6
            raise web.HTTPBadRequest(text=f"Expected a clip of at most {LONGEST_S} s, got {got_s:g} s\n")
        mp4 = await self._run(request, self._clips, partial(self._mp4, asked))
        if not mp4:
            raise web.HTTPNotFound(text=f"{asked.topic} holds no frame of {asked.source} from that time\n")
        headers = {"Content-Disposition": f'attachment; filename="{name_of(asked.source, asked.topic, asked.since)}"'}
        return web.Response(body=mp4, content_type="video/mp4", headers=headers)

    def _check(self, request: web.Request, *topics: str) -> None:
        """Raise HTTPNotFound for a topic that the role may not see, as for one that there is not."""
        seen = seen_by(self._chain, request["session"].role)
        if unseen := set(topics) - set(seen):
            raise web.HTTPNotFound(text=f"Expected a topic of {', '.join(seen)}, got {min(unseen)}\n")

    async def _run(self, request: web.Request, turns: Turns, work: Callable[[], T]) -> T:
        """What the work gives to a session that is still open when it is done."""
        try:
            done = await turns.run(work)
        except NoTopic:
            raise web.HTTPNotFound(text="Expected a topic that is on the bus: nobody has written to it yet\n") from None
        except BusError:
            raise web.HTTPServiceUnavailable(text="The bus does not answer: try again\n") from None
        except UsageError as error:
            raise web.HTTPUnprocessableEntity(text=f"{error}\n") from None
        if not self._guard.is_open(request["session"]):
            raise web.HTTPUnauthorized
        return done

    def _held(self, topic: str, source: str, bounds: Bounds) -> HeldFrames:
        return HeldFrames(self._settings, topic, source, self._chain.redacted(topic), bounds)

    def _first(self, asked: Camera) -> Record | None:
        with self._held(asked.topic, asked.source, _FRAME) as held:
            return next(held.since(0), None)

    def _pair(self, asked: Frame) -> Pair | None:
        with self._held(asked.right, asked.source, _FRAME) as held:
            right = held.before(asked.at) if asked.before else next(held.since(asked.at), None)
        if right is None:
            return None
        left = self._same(asked.left, right) if asked.left else None
        return Pair(_live(asked.left, left), _live(asked.right, right), 0)

    def _same(self, topic: str, right: Record) -> Record | None:
        """The frame on another topic that is the same one."""
        with self._held(topic, right.source, _FRAME) as held:
            at_once = takewhile(lambda each: each.captured_at == right.captured_at, held.since(right.captured_at))
            return next((each for each in at_once if each.id == right.id), None)

    def _mp4(self, asked: Part) -> bytes:
        with self._held(asked.topic, asked.source, _CLIP) as held:
            return mp4_of(_until(held.since(asked.since), asked.until))


def _until(records: Iterable[Record], until: int) -> Iterable[Record]:
    return takewhile(lambda record: record.captured_at < until, records)


def _live(topic: str | None, record: Record | None) -> LiveFrame | None:
    return LiveFrame(topic, record, time.monotonic()) if topic and record else None


def _asked(request: web.Request, kind: type[T]) -> T:
    """What an address asks for. Raises HTTPBadRequest."""
    try:
        return msgspec.convert(dict(request.query), kind, strict=False)
    except msgspec.ValidationError as error:
        raise web.HTTPBadRequest(text=f"Expected what the bus holds of a time: {error}\n") from None
