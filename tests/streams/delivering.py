"""What tests of a delivery share: where it writes, and what it reads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from tests.streams import frames
from tests.streams.stage.test_handler import Arrived

WINDOW = 4
TOPICS = ("OUT", "DEAD")


def frame(seq: int, source: str, partition: int, live: bool) -> Arrived:
    """A message of a source on a partition."""
    return Arrived(frames.record(seq, source, live), source.encode(), partition=partition, offset=seq)


def others_turn() -> Awaitable[None]:
    """Whatever else is due is done first."""
    return asyncio.sleep(0)
