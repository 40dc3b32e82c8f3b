"""The checks of all cameras: kept over days in a small file, as numbers."""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import msgspec
from msgspec.structs import replace

from streams.runtime.own_file import read_own, replace_own
from web.check.sampler import Chosen
from web.check.tally import Check, Counted, Mark, Settings, with_hour

log = logging.getLogger(__name__)

# Those updated least recently make room.
_CHECKS_AT_MOST = 500


class Checks:
    """Counts marks, and writes all checks to the file after each; `clock` gives seconds since the epoch."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path, self._clock = path, clock
        self._counted: dict[tuple[str, Chosen], Counted] = {}

    def last(self, source: str) -> Check | None:
        """The check of a camera that was marked last, None where there was none: what its page and its file say."""
        marked = (each for each in self._all.values() if each.random.frames or each.doubt.frames)
        return max((each for each in marked if each.source == source), key=_updated, default=None)

    def mark(self, source: str, settings: Settings, chosen: Chosen, mark: Mark, captured_at: int | None) -> Check:
        """The check after one more frame, captured at that time (µs since the epoch), None where it is not known."""
        name = self._current(source, settings)
        check, counted = self._all[name], self._counted.setdefault((name, chosen), Counted())
        if chosen == "random":
            check = replace(check, random=counted.after(check.random, mark))
            check = check if captured_at is None else with_hour(check, captured_at)
        else:
            check = replace(check, doubt=counted.after(check.doubt, mark))
        return self._put(name, replace(check, updated_at=self._clock()))

    def leave(self, source: str, settings: Settings) -> None:
        """Count one frame that was shown and not marked."""
        name = self._current(source, settings)
        self._put(name, replace(self._all[name], left=self._all[name].left + 1))

    def begin_anew(self, source: str) -> None:
        """End the checks of a camera: what is marked from now on is another one's."""
        for name, check in self._all.items():
            if check.source == source:
                self._all[name] = replace(check, ended=True)
        self._write()

    @cached_property
    def _all(self) -> dict[str, Check]:
        try:
            return msgspec.json.decode(read_own(self._path), type=dict[str, Check])
        except FileNotFoundError:
            pass
        except (OSError, msgspec.DecodeError) as error:
            aside = self._path.with_name(f"{self._path.name}.unreadable")
            log.warning("%s: %s: checks begin anew, and it is kept as %s", self._path, error, aside.name)
            with suppress(OSError):
                os.replace(self._path, aside)
        return {}

    def _current(self, source: str, settings: Settings) -> str:
        for name, check in self._all.items():
            if check.source == source and check.settings == settings and not check.ended:
                return name
        while len(self._all) >= _CHECKS_AT_MOST:
            del self._all[min(self._all, key=lambda name: _updated(self._all[name]))]
        name, now = secrets.token_hex(6), self._clock()
        self._all[name] = Check(source, settings, now, now)
        return name

    def _put(self, name: str, check: Check) -> Check:
        self._all[name] = check
        self._write()
        return check

    def _write(self) -> None:
        try:
            replace_own(self._path, msgspec.json.encode(self._all))
        except OSError as error:
            log.warning("%s: %s: the checks end with this process", self._path, error)


def _updated(check: Check) -> float:
    return check.updated_at
