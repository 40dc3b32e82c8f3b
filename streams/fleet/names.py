"""Which cameras of a chain file are told of on the bus: one that is removed while nothing runs is taken back later."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from pathlib import Path

import msgspec

from streams.runtime.own_file import read_own, replace_own
from streams.settings import Settings

log = logging.getLogger(__name__)


class ToldNames:
    """The names of cameras that may have a state on the bus, in a file of one chain file's own."""

    def __init__(self, settings: Settings, chain: Path) -> None:
        which = hashlib.sha256(str(chain).encode()).hexdigest()[:16]
        self._file = Path(settings.data_dir) / "cameras" / f"{which}.json"
        self.names = self._read()

    def add(self, names: Iterable[str]) -> None:
        """Keep these, too."""
        self._keep(self.names.union(names))

    def remove(self, name: str) -> None:
        """Keep this one no more: its tombstone is on the bus."""
        self._keep(self.names - {name})

    def _read(self) -> frozenset[str]:
        try:
            return msgspec.json.decode(read_own(self._file), type=frozenset[str])
        except (OSError, msgspec.DecodeError):
            return frozenset()

    def _keep(self, names: frozenset[str]) -> None:
        if names == self.names:
            return
        self.names = names
        try:
            replace_own(self._file, msgspec.json.encode(sorted(names)))
        except OSError as error:
            log.warning("Cameras removed from the chain file while nothing runs will stay on the bus: %s", error)
