"""How far each partition is on disk, so that a recorder goes on where it, or one that was killed, left off."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

NAME = "positions.json"


class Positions(Struct):
    """The next offset to read of each partition of a topic."""

    topic: str
    next: dict[int, int]


def load(root: Path, topic: str) -> dict[int, int]:
    """The next offsets, empty where none are known of this topic."""
    with suppress(OSError, msgspec.DecodeError):
        known = msgspec.json.decode((root / NAME).read_bytes(), type=Positions)
        if known.topic == topic:
            return known.next
    return {}


def save(root: Path, topic: str, next_offsets: dict[int, int]) -> None:
    """Keep them; on a full disk those before stay.

    Not synced, which may take seconds on a busy disk: after a power failure older ones have frames read once more.
    """
    new = (root / NAME).with_suffix(".new")
    with suppress(OSError):
        new.write_bytes(msgspec.json.encode(Positions(topic, next_offsets)))
        new.replace(root / NAME)
