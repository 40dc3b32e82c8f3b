"""What is known of the zones that people drew. What is not known is covered wholly: a record can only hide more."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from functions.core.errors import UsageError
from functions.redaction.zones import zone
from streams.runtime.logs import Seldom
from streams.runtime.own_file import read_own, replace_own
from streams.wire import counts
from streams.wire.cameras import ZONES, DrawnZone, DrawnZones
from streams.wire.counts import Versioned
from streams.wire.names import NAME_LENGTH
from streams.wire.reading import Keyed, keyed
from streams.wire.records import Name, RecordError

MAX_SOURCES = 1024
_ALL_OF_IT = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))

log = logging.getLogger(__name__)


class ZonesUnknown(UsageError):
    """Nothing may be published, since what is to be covered cannot be known; the text says what to do."""


class _Kept(Versioned, frozen=True, kw_only=True):
    """The file: the zones of each source that has some, nil where they are not known."""

    zones: dict[Name, list[DrawnZone] | None]


class KnownZones:
    """The zones of each source that has some, None for one whose zones are not known; a file keeps them.

    Raises ZonesUnknown for a file that cannot be read, and for more sources than are remembered.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept = _kept(file)
        self._before = self._zones = dict(self._kept)
        self._met: set[str] = set()
        self._is_whole = True
        self._seldom = Seldom(log)

    def begin(self) -> None:
        """The topic is read from its beginning, once more where that was done before.

        What was known stays aside until its end: old records, and a reading that breaks off, say nothing against it.
        """
        if self._is_whole:
            self._before = self._zones
        self._zones, self._is_whole = {}, False
        self._met.clear()

    def take(self, message: Keyed) -> None:
        """A record of the topic. One that is no record of its source leaves that source's zones unknown."""
        source = _source_of(message)
        if source is None:
            self._say("whose key is no source's name", "it says nothing of any source")
            return
        self._met.add(source)
        try:
            drawn = keyed(message, DrawnZones).cover
        except RecordError as error:
            self._say(f"that does not say the zones of {source!r}", f"all of it is covered: {error}")
            self._know(source, None)
        else:
            self._know(source, drawn)

    def at_end(self) -> None:
        """The topic is read to its end: zones that are known and not there any more vanished without a record."""
        for source in self._before.keys() - self._met:
            if self._before[source] is not None:
                log.warning("The zones of %r are not on %s any more: all of it is covered", source, ZONES)
            self._zones[source] = None
        self._is_whole = True

    @property
    def is_kept(self) -> bool:
        """Whether the file holds what is known."""
        return self._kept == self._zones

    def keep(self) -> None:
        """Write the file, where it does not hold this already; one that cannot be written is told of."""
        if self.is_kept:
            return
        try:
            replace_own(self._file, counts.encode(_Kept(zones=self._zones)))
        except OSError as error:
            text = f"The zones that were drawn cannot be kept in {self._file}, and are tried again: {error}"
            self._seldom.warning("not kept", text, {"file": str(self._file)})
        else:
            self._kept = dict(self._zones)

    @property
    def zones(self) -> Mapping[str, list[DrawnZone] | None]:
        """The zones of each source that has some, None for one whose zones are not known: all of it is covered."""
        return self._zones

    @property
    def options(self) -> tuple[str, ...]:
        """The zones as values of a function's option `zones`."""
        return tuple(text for source, drawn in sorted(self._zones.items()) for text in _as_option(source, drawn))

    def _know(self, source: str, drawn: list[DrawnZone] | None) -> None:
        if drawn == []:
            self._zones.pop(source, None)
        elif source in self._zones or len(self._zones) < MAX_SOURCES:
            self._zones[source] = drawn
        else:
            raise ZonesUnknown(
                f"Topic {ZONES}: expected the zones of at most {MAX_SOURCES} sources, got those of more; "
                "make the topic anew, and draw them again"
            )

    def _say(self, what: str, so: str) -> None:
        self._seldom.warning(what, f"{ZONES} holds a record {what}: {so}", {"topic": ZONES})


def _source_of(message: Keyed) -> str | None:
    try:
        source = (message.key or b"").decode()
    except UnicodeDecodeError:
        return None
    return source if 0 < len(source) <= NAME_LENGTH else None


def _as_option(source: str, drawn: list[DrawnZone] | None) -> list[str]:
    polygons = [_ALL_OF_IT] if drawn is None else [each.polygon for each in drawn]
    return [zone(source, "cover", polygon) for polygon in polygons]


def _kept(file: Path) -> dict[str, list[DrawnZone] | None]:
    try:
        return counts.decode(read_own(file), _Kept).zones
    except FileNotFoundError:
        return {}
    except (OSError, RecordError) as error:
        raise ZonesUnknown(
            f"The zones kept in {file} cannot be read ({error}): look that {ZONES} holds those of every source, "
            "then remove the file"
        ) from None
