"""How many dead letters there were of each source, for metrics: names come from anybody, so their number is bounded."""

from __future__ import annotations

_LONGEST = 128  # characters of a source's name, as the wire format has it


class DeadSources:
    """A count for each of at most `places` sources; `""` has those of sources that made room, and of no source.

    The source with the fewest makes room: names without end evict one another, and the sum is always that of all.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._counts: dict[str, int] = {"": 0}

    def add(self, key: bytes | None) -> None:
        """Count one, by the key of its message."""
        name = (key or b"")[: 4 * _LONGEST + 1].decode(errors="replace")
        name = name if len(name) <= _LONGEST else ""
        if name not in self._counts and len(self._counts) > self._places:
            fewest = min(filter(None, self._counts), key=self._counts.__getitem__)
            self._counts[""] += self._counts.pop(fewest)
        self._counts[name] = self._counts.get(name, 0) + 1

    @property
    def counts(self) -> dict[str, int]:
        """The counts by source."""
        return dict(self._counts)
