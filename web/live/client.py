"""One browser's websocket: its views, each with one picture in flight at most."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from aiohttp import WSMsgType, web
from msgspec import Struct

from web.counts.latest import LatestCounts
from web.live.cameras import Cameras
from web.live.newest import NewestFrames
from web.live.pairing import jpeg_of
from web.live.protocol import Ack, BrokerState, Command, Drop, Subscribe, Watch, picture, read_command, state_message
from web.live.view import View


class Rate:
    """A rate limit that delays: `at_once` together, then `per_s` a second. Times of time.monotonic()."""

    def __init__(self, at_once: int, per_s: float) -> None:
        self._spare_s, self._every_s = at_once / per_s, 1 / per_s
        self._due = 0.0

    def wait_s(self, now: float) -> float:
        """Take one; how long it has to wait."""
        wait_s = max(0.0, self._due - now - self._spare_s)
        self._due = max(self._due, now) + self._every_s
        return wait_s


MAX_VIEWS = 64
# A browser that reads nothing for this long is disconnected; a closing handshake would wait for it again.
STALLED_S = 10.0
STATE_S = 1.0
# A wall that comes and goes asks for all its views and drops them, twice over.
COMMANDS_AT_ONCE, COMMANDS_PER_S = 4 * MAX_VIEWS, MAX_VIEWS


class _Refused(Struct, frozen=True, tag_field="say", tag="refused"):
    view: str
    reason: str


@dataclass
class Traffic:
    """Browsers that are connected, and the pictures that were sent to them or skipped."""

    clients: int = 0
    sent: int = 0
    skipped: int = 0


class Client:
    """Serves one websocket until it closes."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        abort: Callable[[], None],
        newest: NewestFrames,
        cameras: Cameras,
        bus: BrokerState,
        counts: LatestCounts,
        topics: frozenset[str],
        may_stay: Callable[[], bool],
        traffic: Traffic,
    ) -> None:
        self._socket, self._abort, self._may_stay = socket, abort, may_stay
        self._traffic = traffic
        self._newest, self._cameras, self._bus = newest, cameras, bus
        self._counts, self._topics = counts, topics
        self._counts_sent: int | None = None
        self._views: dict[str, View] = {}
        self._changed = asyncio.Event()
        self._sent = 0
        self._rate = Rate(COMMANDS_AT_ONCE, COMMANDS_PER_S)

    async def serve(self) -> None:
        """Read commands and send pictures until either side ends."""
        self._newest.listeners.add(self._changed)
        self._traffic.clients += 1
        tasks = [asyncio.create_task(self._send_pictures()), asyncio.create_task(self._send_state())]
        try:
            async for message in self._socket:
                if message.type is not WSMsgType.TEXT or not await self._take(message.data):
                    await self._socket.close(code=1008, message=b"not a command")
        finally:
            for task in tasks:
                task.cancel()
            self._newest.listeners.discard(self._changed)
            self._traffic.clients -= 1
            for view in self._views.values():
                self._newest.unwatch(view.pairing)

    async def _take(self, text: str) -> bool:
        try:
            command = read_command(text)
        except ValueError:
            return False
        # Each picture may be acknowledged once; beyond that an Ack is a command like any other. What a browser sends
        # beyond the rate stays in its own buffers; sleep(0) lets others have their turn.
        if not self._acks(command):
            await asyncio.sleep(self._rate.wait_s(time.monotonic()))
        if isinstance(command, Subscribe):
            self._counts_sent = 0
        elif reason := self._obey(command):
            await self._send(self._socket.send_str(msgspec.json.encode(_Refused(command.view, reason)).decode()))
        self._changed.set()
        return True

    def _acks(self, command: Command) -> bool:
        view = self._views.get(command.view) if isinstance(command, Ack) else None
        return view is not None and isinstance(command, Ack) and view.in_flight == command.n > 0

    def _obey(self, command: Watch | Drop | Ack) -> str | None:
        """Execute a command; why it is refused, None where it is not."""
        if isinstance(command, Watch):
            return self._watch(command)
        if isinstance(command, Drop):
            self._drop(command.view)
        elif self._acks(command):
            self._views[command.view].in_flight = 0
        return None

    def _watch(self, command: Watch) -> str | None:
        for topic in filter(None, (command.left, command.right)):
            if topic not in self._topics:
                self._drop(command.view)
                return f"Expected a topic of {', '.join(sorted(self._topics))}, got {topic}"
        if len(self._views.keys() - {command.view}) >= MAX_VIEWS:
            return f"Expected at most {MAX_VIEWS} views"
        # Before the old view lets go of its own, which may be the same and dear to make.
        pairing = self._newest.watch(command.left, command.right)
        self._drop(command.view)
        self._views[command.view] = View(pairing, command.source, command.width)
        return None

    def _drop(self, name: str) -> None:
        if (view := self._views.pop(name, None)) is not None:
            self._newest.unwatch(view.pairing)

    async def _send_pictures(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            now = time.monotonic()
            for name, view in list(self._views.items()):
                if (pair := view.next(now)) is not None:
                    self._sent += 1
                    self._traffic.sent += 1
                    self._traffic.skipped, view.skipped = self._traffic.skipped + view.skipped, 0
                    view.in_flight = self._sent
                    jpegs = {side: await jpeg_of(frame, view.width) for side, frame in pair.sides}
                    message = picture(name, self._sent, pair, jpegs, time.monotonic())
                    await self._send(self._socket.send_bytes(message))

    async def _send_state(self) -> None:
        while self._may_stay():
            watched = {view.source for view in self._views.values() if view.source}
            state = state_message(self._newest, self._cameras, self._bus, self._topics, watched)
            await self._send(self._socket.send_str(state))
            await self._send_counts()
            self._changed.set()  # another source may have its turn
            await asyncio.sleep(STATE_S)
        self._abort()

    async def _send_counts(self) -> None:
        sent, number = self._counts_sent, self._counts.number
        if sent is not None and sent < number:
            self._counts_sent = number
            await self._send(self._socket.send_str(self._counts.message(sent)))

    async def _send(self, sending: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(STALLED_S):
                await sending
        except (TimeoutError, ConnectionError):
            self._abort()
