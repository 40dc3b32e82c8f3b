"""Offsets that never came: records that the broker deleted before the stage could read them."""

from __future__ import annotations


class Gaps:
    """Knows for each partition which offset comes next."""

    def __init__(self) -> None:
        self._next: dict[tuple[str, int], int] = {}

    def before(self, topic: str, partition: int, offset: int, committed: int | None) -> int:
        """How many records are missing before this one; `committed` is where the group began, None if nowhere yet."""
        expected = self._next.get((topic, partition), offset if committed is None else committed)
        self._next[topic, partition] = offset + 1
        return max(0, offset - expected)

    def forget(self) -> None:
        """Begin anew: partitions have come and gone."""
        self._next.clear()
