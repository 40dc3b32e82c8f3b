"""Dead letters as they lie on a topic: what is known of each without keeping its picture."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from streams.outputs.reader import Received
from streams.wire.reading import MAX_REDRIVEN, redriven
from streams.wire.records import RecordError

_NO_REASON = "(its headers give no reason)"


@dataclass(frozen=True)
class DeadLetter:
    """One dead letter; `came_from` is the topic that its headers name, and `final` why it is not to be redriven."""

    partition: int
    offset: int
    timestamp: float
    source: str
    reason: str
    came_from: str
    redriven: int
    final: str
    digest: bytes

    @property
    def place(self) -> str:
        """Where it lies, as `--at` takes it."""
        return f"{self.partition}/{self.offset}"


def letter_of(message: Received) -> DeadLetter:
    """What is known of a dead letter. Never raises: everything in it is strangers' text."""
    headers = {name: (value or b"").decode(errors="replace") for name, value in message.headers}
    times, final = _redriven(message)
    return DeadLetter(
        message.partition,
        message.offset,
        message.timestamp,
        (message.key or b"").decode(errors="replace"),
        headers.get("reason") or _NO_REASON,
        headers.get("topic", ""),
        times,
        final if message.value else "its record was too large for the bus, and is not here",
        hashlib.blake2b(repr((message.key, len(message.value or b""))).encode() + (message.value or b"")).digest(),
    )


def _redriven(message: Received) -> tuple[int, str]:
    try:
        times = redriven(message.headers)
    except RecordError:
        return 0, "its header `redriven` says no number from 1 to 3"
    return times, f"it was redriven {times} times" if times >= MAX_REDRIVEN else ""


def last_of_each(letters: Iterable[DeadLetter]) -> list[DeadLetter]:
    """Of the letters that hold the same record, which died again after it was redriven, the one that knows so best."""
    last: dict[bytes, DeadLetter] = {}
    for letter in letters:
        before = last.get(letter.digest)
        if before is None or (bool(before.final), before.redriven) <= (bool(letter.final), letter.redriven):
            last[letter.digest] = letter
    return list(last.values())


def by_reason(letters: Iterable[DeadLetter]) -> list[tuple[str, int, DeadLetter]]:
    """Each reason, how many letters have it, and the newest of them; the most frequent first."""
    letters = list(letters)
    newest = {letter.reason: letter for letter in sorted(letters, key=lambda each: each.timestamp)}
    return [(reason, count, newest[reason]) for reason, count in Counter(each.reason for each in letters).most_common()]
