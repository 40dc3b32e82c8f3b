"""The rows of the table of cameras: one for each (source, producer's run)."""

from __future__ import annotations

import json

import msgspec
from msgspec import Struct, structs

from functions.counting.per_camera import Camera
from streams.runtime.source_memory import Key


class Row(Struct):
    """The state of a camera; `partition` is that of its frames, `seen_at` the Kafka timestamp of the last one.

    It is `mine` while this process tracks it without interruption; -1 is the partition of one that has no row yet.
    """

    camera: Camera = Camera()
    partition: int = -1
    seen_at: float = 0.0
    mine: bool = True


def row_key(key: Key) -> str:
    """The key of a row in the table."""
    return json.dumps(key)


def read(name: str, value: bytes) -> tuple[Key, Row] | None:
    """A row as it was written, not `mine` yet; None for one of another version."""
    try:
        key = msgspec.json.decode(name, type=Key)
        return key, structs.replace(msgspec.msgpack.decode(value, type=Row), mine=False)
    except msgspec.DecodeError:
        return None
