"""The messages between a browser and the viewer over the websocket.

To the viewer: JSON text, one command a message. To the browser: JSON text about the state, and pictures as
binary messages: a length (4 bytes, big-endian), that many bytes of JSON, then the JPEGs one behind the other.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from itertools import accumulate
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from web.live.cameras import LIVE, Cameras, counted
from web.live.newest import NewestFrames
from web.live.pairing import Pair

T = TypeVar("T")
MAX_COMMAND_BYTES = 4096

ViewName = Annotated[str, Meta(min_length=1, max_length=64)]
TopicName = Annotated[str, Meta(min_length=1, max_length=200)]
# Few, since each frame is scaled once for each width in use.
Width = Literal[160, 320, 480, 640, 960, 1280]
SourceName = Annotated[str, Meta(min_length=1, max_length=128)]


class Watch(Struct, frozen=True, tag_field="do", tag="watch", forbid_unknown_fields=True):
    """Send the newest frames of `right`, each with the same one of `left`; without a source all take turns."""

    view: ViewName
    right: TopicName
    left: TopicName | None = None
    source: SourceName | None = None
    width: Width | None = None


class Drop(Struct, frozen=True, tag_field="do", tag="drop", forbid_unknown_fields=True):
    """End a view."""

    view: ViewName


class Ack(Struct, frozen=True, tag_field="do", tag="ack", forbid_unknown_fields=True):
    """Picture `n` of this view is drawn: the next may come."""

    view: ViewName
    n: int


class Subscribe(Struct, frozen=True, tag_field="do", tag="counts", forbid_unknown_fields=True):
    """Send all counts, then those that change."""


Command = Watch | Drop | Ack | Subscribe

_decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)


class Side(Struct, frozen=True):
    """One side of a picture: the bytes of its JPEG, and everything else of its record."""

    side: str
    bytes: int
    age_ms: int
    frame: msgspec.Raw


class _Picture(Struct, frozen=True):
    view: str
    n: int
    sides: list[Side]


def read_command(text: str) -> Command:
    """One command. Raises ValueError for anything else."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def picture(view: str, n: int, pair: Pair, jpegs: Mapping[str, bytes], now: float) -> bytes:
    """One binary message with the sides of a pair and their JPEGs; `now` of time.monotonic()."""
    return framed(_Picture(view, n, sides(pair, jpegs, now)), jpegs)


def sides(pair: Pair, jpegs: Mapping[str, bytes], now: float) -> list[Side]:
    """What a header says of the sides of a pair."""
    ages = {side: round((now - frame.arrived_at) * 1000) for side, frame in pair.sides}
    return [Side(side, len(jpegs[side]), ages[side], frame.meta) for side, frame in pair.sides]


def framed(header: Struct, jpegs: Mapping[str, bytes]) -> bytes:
    """A header and JPEGs as one binary message; the JPEGs are in the order of the header's sides."""
    said = msgspec.json.encode(header)
    return b"".join((len(said).to_bytes(4, "big"), said, *jpegs.values()))


# Beside the names a message holds the topics; 30 cameras on five topics take 2 kB.
NAMES_BYTES, AMISS_BYTES = 16_000, 1_500

Ages = list[float | None]


class TopicState(Struct, frozen=True):
    """The index of this topic in a source's ages, and the number of its invalid records."""

    at: int
    bad: int


class _State(Struct, frozen=True, tag_field="say", tag="state"):
    now: int
    bus: str
    for_s: int
    topics: dict[str, TopicState]
    sources: dict[str, Ages]  # seconds since the last frame on each topic
    unnamed: int
    crowded: bool
    cameras: dict[str, int]  # how many are live, silent …
    amiss: dict[str, str]  # as many of those as fit that are not live
    doubles: list[str]  # as many names as fit under which a second producer was refused


class BrokerState:
    """The state of the broker: waiting (never seen yet), joining, ready or lost."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.state = "waiting"
        self._since = time.monotonic()

    def become(self, state: str) -> bool:
        """Set the state; whether it changed."""
        if state == self.state:
            return False
        self.state, self._since = state, time.monotonic()
        return True

    @property
    def for_s(self) -> int:
        """Seconds in this state."""
        return int(time.monotonic() - self._since)


def state_message(
    newest: NewestFrames,
    cameras: Cameras,
    bus: BrokerState,
    topics: Collection[str],
    watched: Collection[str] = (),
) -> str:
    """The state message for a browser that may see these topics and watches these sources, below 20 kB."""
    now, seen = time.monotonic(), [topic for topic in newest.frames if topic in topics]
    sources = _ages(newest, seen, watched)
    named = _as_many_as_fit(sources, NAMES_BYTES)
    words = cameras.words({name: newest.sources.seen(name, now) for name in sources}, now)
    # All are counted, and those are named that this browser may see.
    may_see = cameras.send_to(topics) | sources.keys()
    amiss = {name: word for name, word in sorted(words.items()) if word != LIVE and name in may_see}
    doubles = {name: None for name in cameras.doubles(now) if name in may_see}
    state = _State(
        now=time.time_ns() // 1000,
        bus=bus.state,
        for_s=bus.for_s,
        topics={topic: TopicState(at, newest.bad[topic]) for at, topic in enumerate(seen)},
        sources=named,
        unnamed=len(sources) - len(named),
        crowded=newest.sources.is_crowded(now),
        cameras=counted(words),
        amiss=_as_many_as_fit(amiss, AMISS_BYTES),
        doubles=list(_as_many_as_fit(doubles, AMISS_BYTES)),
    )
    return msgspec.json.encode(state).decode()


def _ages(newest: NewestFrames, topics: Collection[str], watched: Collection[str]) -> dict[str, Ages]:
    now = time.monotonic()
    names = sorted(newest.sources.in_order(now), key=lambda name: name not in watched)
    ages = {name: newest.ages(name, topics, now) for name in names}
    return {name: each for name, each in ages.items() if any(age is not None for age in each)}


def _as_many_as_fit(sources: Mapping[str, T], most_bytes: int) -> dict[str, T]:
    # Sources name themselves: a name may take half a kilobyte.
    sizes = accumulate(len(msgspec.json.encode(each)) for each in sources.items())
    return {name: what for (name, what), size in zip(sources.items(), sizes, strict=True) if size <= most_bytes}
