"""What a producer tells of its source on the topic `CAMERAS`."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from streams.cameras.health import PictureHealth
from streams.cameras.states import STATE_EVERY_S
from streams.wire import counts
from streams.wire.cameras import CameraState, State

# Connected, and no frame for so long, or for so many intervals between frames: silent.
_SILENT_AFTER_S, _SILENT_INTERVALS = 3.0, 5
# Frames a second are of so many seconds.
_RATE_OVER_S = 4.0
_LONGEST_ERROR = 256
_CREDENTIALS = re.compile(r"(?<=://)[^\s/@]*@")
_QUERY = re.compile(r"\?\S+")


@dataclass
class Link:
    """The connection to a source, as the code that reads it sees it."""

    transport: str
    is_connected: bool = False
    connections: int = 0
    connected_at_s: float = 0.0
    codec: str | None = None
    last_error: str | None = None

    def connected(self, codec: str | None) -> None:
        """Take down that frames may come now."""
        self.is_connected, self.codec, self.connected_at_s = True, codec, time.monotonic()
        self.connections += 1

    def lost(self, why: str) -> None:
        """Take down that none will come until it is connected again."""
        self.is_connected, self.last_error = False, why


@dataclass
class Tally:
    """What has come from a source and gone to the bus: written by the thread that reads it."""

    came: int = 0
    sent: int = 0
    came_at_s: float = 0.0
    seen_at: int | None = None
    size_wh: tuple[int, int] | None = None
    health: PictureHealth = field(default_factory=PictureHealth)


@dataclass
class Report:
    """Tells the state of one run when it changes, and every 2 s; `tell` puts a key and a value on `CAMERAS`."""

    source: str
    run: str
    topic: str
    started_at: int
    link: Link
    tally: Tally
    live: bool
    tell: Callable[[bytes, bytes], None]
    ended: State | None = None
    _state: State = "starting"
    _since: int = 0
    _told_at_s: float = -STATE_EVERY_S
    _rates: deque[tuple[float, int, int]] = field(default_factory=deque)

    def tick(self) -> None:
        """Tell what is due."""
        now_s = time.monotonic()
        self._rates.append((now_s, self.tally.came, self.tally.sent))
        while now_s - self._rates[0][0] > _RATE_OVER_S:
            self._rates.popleft()
        if (state := self.ended or self._seen(now_s)) != self._state or not self._since:
            self._state, self._since, self._told_at_s = state, _now(), -STATE_EVERY_S
        if now_s - self._told_at_s >= STATE_EVERY_S:
            self._told_at_s = now_s
            self.tell(self.source.encode(), counts.encode(self.state))

    def end(self, state: State, why: str = "") -> None:
        """Tell that this run has ended."""
        self.link.last_error = why or self.link.last_error
        self.ended = state
        self.tick()

    @property
    def state(self) -> CameraState:
        """The record of this moment."""
        fps_in, fps_out = self._fps()
        return CameraState(
            source=self.source,
            run=self.run,
            topic=self.topic,
            state=self._state,
            since=self._since or _now(),
            started_at=self.started_at,
            updated_at=_now(),
            seen_at=self.tally.seen_at,
            codec=self.link.codec and self.link.codec[:32],
            size_wh=self.tally.size_wh,
            fps_in=fps_in,
            fps_out=fps_out,
            reconnects=max(0, self.link.connections - 1),
            transport=self.link.transport,
            last_error=self.link.last_error and scrubbed(self.link.last_error),
        )

    def _seen(self, now_s: float) -> State:
        if not self.link.is_connected:
            return "lost" if self.link.last_error else "starting"
        silent_s = now_s - max(self.tally.came_at_s, self.link.connected_at_s)
        fps_in, _ = self._fps()
        if self.live and silent_s > max(_SILENT_AFTER_S, min(_SILENT_INTERVALS / fps_in if fps_in else 0.0, 30.0)):
            return "silent"
        return self.tally.health.state if self.tally.came else "starting"

    def _fps(self) -> tuple[float, float]:
        if len(self._rates) < 2:
            return 0.0, 0.0
        (first_s, came, sent), (last_s, came_by, sent_by) = self._rates[0], self._rates[-1]
        took_s = max(last_s - first_s, 1e-3)
        return round((came_by - came) / took_s, 2), round((sent_by - sent) / took_s, 2)


def scrubbed(text: str) -> str:
    """An error without users, passwords and queries of the addresses in it, and no longer than a state takes."""
    return _QUERY.sub("?***", _CREDENTIALS.sub("***@", text))[:_LONGEST_ERROR]


def _now() -> int:
    return time.time_ns() // 1000
