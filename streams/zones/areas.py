"""The areas that rules name: of the chain file, and drawn by people where the file has none of that name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from functions.redaction.zones import Polygon
from streams.chain.alerts_section import AreaConf
from streams.kafka.compacted import Keyed
from streams.wire.cameras import DrawnZone, DrawnZones
from streams.wire.reading import keyed
from streams.wire.records import RecordError
from streams.zones.known import MAX_SOURCES


class Areas:
    """Areas by name; `are_known` is set once those that people drew are read, or none is wanted.

    `wanted` are the names that rules use; one of the file is that of the file alone.
    """

    def __init__(self, file: Mapping[str, AreaConf], wanted: frozenset[str]) -> None:
        self._file = {name: {area.source: [area.polygon]} for name, area in file.items()}
        self.drawn = wanted - self._file.keys()
        self.are_known = asyncio.Event()
        if not self.drawn:
            self.are_known.set()
        self._by_source: dict[str, list[DrawnZone]] = {}
        self._read = self._by_source

    def begin(self) -> None:
        """What people drew is read from its beginning; until its end what was known holds."""
        self._read = {}

    def at_end(self) -> None:
        """What people drew is read to its end."""
        self._by_source = self._read

    def take(self, record: Keyed) -> None:
        """A record of `ZONES`; of a source of which it does not say them no area is known."""
        self._read.pop((record.key or b"").decode(errors="replace"), None)
        try:
            drawn = keyed(record, DrawnZones)
        except RecordError:
            return
        if drawn.areas and len(self._read) < MAX_SOURCES:  # whoever may write can make up names
            self._read[drawn.source] = drawn.areas

    def at(self, name: str, source: str) -> list[Polygon]:
        """The polygons of that name in the picture of a source, empty where it has none."""
        if name in self._file:
            return [*self._file[name].get(source, [])]
        return [area.polygon for area in self._by_source.get(source, []) if area.name == name]

    @property
    def missing(self) -> list[str]:
        """The names of which nobody has drawn an area."""
        return sorted(self.drawn - {area.name for areas in self._by_source.values() for area in areas})
