"""What waits to be delivered to one output: rows of the alerts' table, which go once the output has them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import islice

from msgspec import Struct

# So many wait at most. Where no output of a rule has room for more, it holds its alerts back, and sums them up.
MOST = 5000
_KIND = "message"


class Waiting(Struct, frozen=True):
    """A message as its output takes it, with the rule and the id that it bears.

    `partition` is that of its source's frames.
    """

    partition: int
    rule: str
    id: str
    body: bytes


class Outbox:
    """The messages for one output, oldest first."""

    def __init__(self, output: str) -> None:
        self.output = output
        self._waiting: dict[str, Waiting] = {}
        self._some = asyncio.Event()
        self._forget: Callable[[str, int], None] = lambda key, partition: None

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether no more may be put."""
        return len(self._waiting) >= MOST

    def begin(self, forget: Callable[[str, int], None]) -> None:
        """Empty it, for a table whose rows `forget` deletes, given key and partition."""
        self._waiting.clear()
        self._some.clear()
        self._forget = forget

    def put(self, key: str, waiting: Waiting) -> None:
        """Add a message that has a row."""
        self._waiting[key] = waiting
        self._some.set()

    async def oldest(self, most: int) -> dict[str, Waiting]:
        """The first messages by key, once there are any."""
        await self._some.wait()
        return dict(islice(self._waiting.items(), most))

    def delivered(self, key: str) -> None:
        """Forget a message that the output has."""
        if waiting := self._waiting.pop(key, None):
            self._forget(key, waiting.partition)
        if not self._waiting:
            self._some.clear()


def key_of(output: str, message_id: str) -> str:
    """The key of a message's row."""
    return json.dumps([_KIND, output, message_id])


def output_of(key: str) -> str | None:
    """For which output a row is a message, None for one that is none."""
    kind, output, _ = json.loads(key)
    return output if kind == _KIND else None
