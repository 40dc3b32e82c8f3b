"""What the table of cameras holds: a row for each run of a camera's producer."""

from __future__ import annotations

import json

import msgspec
from msgspec import Struct, structs

from functions.counting.per_camera import Camera
from streams.runtime.source_memory import Key


class Row(Struct):
    """A camera as the table has it; `partition` is that of its frames, `seen_at` when the broker had the last.

    It is `mine` while this process follows it without a break; -1 is the partition of one that has no row yet.
    """

    camera: Camera = Camera()
    partition: int = -1
    seen_at: float = 0.0
    mine: bool = True


def name_of(key: Key) -> str:
    """The key of a row."""
    return json.dumps(key)


def read(name: str, value: bytes) -> tuple[Key, Row] | None:
    """A row as it was written, followed by nobody yet; None for what another version has left."""
    try:
        key = msgspec.json.decode(name, type=Key)
        return key, structs.replace(msgspec.msgpack.decode(value, type=Row), mine=False)
    except msgspec.DecodeError:
        return None
