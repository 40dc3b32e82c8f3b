"""The messages between a browser and the viewer over the websocket.

To the viewer: JSON text, one command a message. To the browser: JSON text about the state, and pictures as
binary messages: a length (4 bytes, big-endian), that many bytes of JSON, then the JPEGs one behind the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from web.live.pairing import Pair

MAX_COMMAND_BYTES = 4096

ViewName = Annotated[str, Meta(min_length=1, max_length=64)]
TopicName = Annotated[str, Meta(min_length=1, max_length=200)]
# Few, since each frame is scaled once for each width in use.
Width = Literal[160, 320, 480, 640, 960, 1280]
SourceName = Annotated[str, Meta(min_length=1, max_length=128)]


class Watch(Struct, frozen=True, tag_field="do", tag="watch", forbid_unknown_fields=True):
    """Send the newest frames of `right`, each with the same frame of `left`, no wider than `width`.

    Without a source all have their turn.
    """

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


class _Side(Struct, frozen=True):
    side: str
    bytes: int
    age_ms: int
    frame: msgspec.Raw


class _Picture(Struct, frozen=True):
    view: str
    n: int
    sides: list[_Side]


def read_command(text: str) -> Command:
    """One command. Raises ValueError for anything else."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def picture(view: str, n: int, pair: Pair, jpegs: Mapping[str, bytes], now: float) -> bytes:
    """One binary message with the sides of a pair and their JPEGs; `now` of time.monotonic()."""
    sides = [
        _Side(side, len(jpegs[side]), round((now - frame.arrived_at) * 1000), frame.meta) for side, frame in pair.sides
    ]
    header = msgspec.json.encode(_Picture(view, n, sides))
    return b"".join((len(header).to_bytes(4, "big"), header, *(jpegs[side] for side, _ in pair.sides)))
