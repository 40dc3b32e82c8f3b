"""What the viewer knows of drawn zones, by the same rules as redactors: what is not known is covered wholly."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from confluent_kafka import KafkaException
from mode import Service
from msgspec import Struct

from functions.core.errors import UsageError
from streams.kafka.compacted import CompactedTopic, Keyed, NoTopic
from streams.settings import Settings
from streams.wire.cameras import ZONES, DrawnZone, DrawnZones
from streams.wire.names import printable
from streams.wire.reading import keyed
from streams.wire.records import RecordError
from streams.zones.known import MAX_SOURCES, KnownZones

log = logging.getLogger(__name__)

# Who drew what is remembered of so many sources; those written least recently make room.
_REMEMBERED = 2 * MAX_SOURCES
_POLL_S, _RETRY_S = 0.2, 1.0


class Told(Struct, frozen=True):
    """What was drawn at one source; `at` in µs, None where nothing was ever written that can be read."""

    source: str
    state: Literal["none", "drawn", "unknown"]
    zones: list[DrawnZone] = []
    areas: list[DrawnZone] = []
    by: str = ""
    at: int | None = None
    toml: str = ""


class ZonesBoard:
    """The zones of all sources; `trouble` says why they are not known, empty where they are.

    `changed` is set by whatever is read.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: KnownZones | None = None
        self._newest: dict[str, DrawnZones] = {}
        self.changed = asyncio.Event()
        self.trouble = f"{ZONES} is not read to its end yet"

    def begin(self) -> None:
        """The topic is read from its beginning. Raises ZonesUnknown."""
        self._known = self._known or KnownZones(self._file)
        self._known.begin()
        self._newest.clear()

    def take(self, records: Iterable[Keyed]) -> None:
        """Records of the topic. Raises ZonesUnknown."""
        for record in records:
            if self._known:
                self._known.take(record)
            try:
                drawn = keyed(record, DrawnZones)
            except RecordError:
                self._newest.pop((record.key or b"").decode(errors="replace"), None)
            else:
                self._newest.pop(drawn.source, None)
                self._newest[drawn.source] = drawn
                if len(self._newest) > _REMEMBERED:
                    del self._newest[next(iter(self._newest))]
        self.changed.set()

    def at_end(self) -> None:
        """The topic is read to its end."""
        if self._known:
            self._known.at_end()
        self.trouble = ""

    def keep(self) -> None:
        """Write the file that remembers them over a restart, where anything has changed."""
        if self._known:
            self._known.keep()

    def of(self, source: str) -> Told:
        """What was drawn at a source."""
        cover = self._known.zones.get(source, []) if self._known else []
        if cover is None:
            return Told(source, "unknown")
        last = self._newest.get(source)
        areas, by, at = (last.areas or [], last.by, last.at) if last else ([], "", None)
        state: Literal["none", "drawn"] = "drawn" if cover or areas else "none"
        return Told(source, state, cover, areas, by, at, as_toml(source, cover, areas))

    @property
    def sources(self) -> list[str]:
        """The sources that have zones, or whose zones are not known."""
        return list(self._known.zones) if self._known else []


def as_toml(source: str, cover: Sequence[DrawnZone], areas: Sequence[DrawnZone]) -> str:
    """The same as sections of the chain file; of areas of one name there the first."""
    polygons = [f"  {json.dumps(zone.polygon)},  # {printable(zone.name)}\n" for zone in cover]
    sections = [f"[zones.{_quoted(source)}]\ncover = [\n{''.join(polygons)}]\n"] if cover else []
    named = {area.name: area for area in reversed(areas)}
    sections += [
        f"[areas.{_quoted(name)}]\nsource = {_quoted(source)}\npolygon = {json.dumps(area.polygon)}\n"
        for name, area in reversed(named.items())
    ]
    return "\n".join(sections)


def _quoted(text: str) -> str:
    # A string of JSON is one of TOML, but for the one control character that JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


class BoardReader(Service):
    """Reads the topic into `board`; one that is not there, or may not be read, is tried again and delays nothing."""

    mundane_level = "debug"

    def __init__(self, settings: Settings, board: ZonesBoard) -> None:
        super().__init__()
        self._settings, self._board = settings, board

    @Service.task
    async def _read(self) -> None:
        while not self.should_stop:
            try:
                await self._follow()
            except (KafkaException, UsageError) as error:
                self._become(error.args[0].str() if isinstance(error, KafkaException) else str(error))
            await self.sleep(_RETRY_S)

    async def _follow(self) -> None:
        """Read the topic until it is not there any more."""
        try:
            topic = await asyncio.to_thread(CompactedTopic, self._settings, ZONES)
        except NoTopic:  # nobody has drawn yet, or it was deleted: then nothing is known of what was drawn
            await self._take([], whole=True)
            return
        try:
            await self._take(await asyncio.to_thread(list, topic.to_its_end()), whole=True)
            while not self.should_stop:
                await self._take(await asyncio.to_thread(_come, topic), whole=False)
        finally:
            await asyncio.to_thread(topic.close)

    async def _take(self, records: list[Keyed], whole: bool) -> None:
        if whole:
            self._board.begin()
        self._board.take(records)
        if whole:
            self._board.at_end()
        if whole or records:
            await asyncio.to_thread(self._board.keep)

    def _become(self, trouble: str) -> None:
        if trouble != self._board.trouble:
            log.warning("What was drawn is not known: %s", trouble)
        self._board.trouble = trouble


def _come(topic: CompactedTopic) -> list[Keyed]:
    topic.look()
    return topic.poll(_POLL_S)
