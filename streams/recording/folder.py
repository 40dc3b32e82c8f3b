"""Where recordings lie: DIR/SOURCE/YYYY-MM-DD/HH-MM-SS.mp4 (UTC), the numbers beside; no name ever leads elsewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from streams.recording.numbers import SUFFIX
from streams.wire.names import NAME_LENGTH, safe

VIDEO = ".mp4"
# The source's name as it is, in its folder.
NAME = "source.txt"
MINUTE_S = 60
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_FILE = re.compile(r"(\d\d-\d\d-\d\d)(?:\.(\d{1,3}))?")
_DAY_FORMAT, _TIME_FORMAT = "%Y-%m-%d", "%H-%M-%S"


@dataclass(frozen=True)
class File:
    """One recorded file and the numbers beside it; `starts_s` is the second of its first frame, since the epoch."""

    video: Path
    starts_s: float

    @property
    def numbers(self) -> Path:
        return self.video.with_suffix(SUFFIX)

    @property
    def folder(self) -> str:
        """The folder of its source."""
        return self.video.parents[1].name

    @property
    def bytes(self) -> int:
        """What both take, 0 where they are gone."""
        sizes = []
        for path in (self.video, self.numbers):
            with suppress(OSError):
                sizes.append(path.stat().st_size)
        return sum(sizes)

    def remove(self) -> None:
        """Remove both, and the folder of the day where it is empty then. Raises OSError."""
        # The video last: by it the file is found again where this is interrupted.
        for path in (self.numbers, self.video):
            path.unlink(missing_ok=True)
        with suppress(OSError):
            self.video.parent.rmdir()


def folder_of(root: Path, source: str) -> Path:
    """The folder of a source, made where it is not there, with its name inside. Raises OSError."""
    folder = root / safe(source)
    if _source_in(folder) != source:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / NAME).write_bytes(source.encode())
    return folder


def sources(root: Path) -> dict[str, str]:
    """The sources' names by their folders, in order of the names. Raises OSError."""
    folders = [entry.name for entry in os.scandir(root) if entry.is_dir(follow_symlinks=False)]
    named = {name: _source_in(root / name) for name in folders}
    return {folder: source for folder, source in sorted(named.items(), key=lambda pair: pair[1]) if source}


def files(root: Path, folder: str, since_s: float = 0.0, until_s: float = float("inf")) -> list[File]:
    """The files of a source whose minute overlaps that time, in order of time. Raises OSError."""
    found: list[File] = []
    first, last = _day_of(since_s - MINUTE_S), _day_of(until_s)
    for day in sorted(_days(root / folder)):
        if first <= day <= last:
            found += files_of_day(root, folder, day)
    wanted = [file for file in found if _minute_end(file.starts_s) > since_s and file.starts_s < until_s]
    return sorted(wanted, key=lambda file: (file.starts_s, len(file.video.name), file.video.name))


def files_of_day(root: Path, folder: str, day: str) -> Iterator[File]:
    """The files of a source's day (UTC) in any order; none where it is gone."""
    with suppress(FileNotFoundError):
        for entry in os.scandir(root / folder / day):
            if (starts_s := _starts_s(day, entry.name)) is not None and entry.is_file(follow_symlinks=False):
                yield File(Path(entry.path), starts_s)


def days(root: Path, folder: str) -> list[str]:
    """The days (UTC) of which there are files of a source, in order. Raises OSError."""
    return sorted(_days(root / folder))


def remove_empty(root: Path, folder: str) -> None:
    """Remove the folder of a source of which nothing is recorded any more."""
    with suppress(OSError):  # gone, or a recorder begins a file at this moment
        if not days(root, folder):
            (root / folder / NAME).unlink(missing_ok=True)
            (root / folder).rmdir()


def new_file(folder: Path, starts_s: float) -> File:
    """A file in a source's folder that is not there yet; two of one second get a number. Raises OSError."""
    moment = datetime.fromtimestamp(starts_s, UTC)
    day = folder / moment.strftime(_DAY_FORMAT)
    day.mkdir(exist_ok=True)
    stem = moment.strftime(_TIME_FORMAT)
    taken = {path.stem for path in day.glob(f"{stem}*")}
    name = next(name for name in (stem, *(f"{stem}.{number}" for number in range(1, 1000))) if name not in taken)
    return File(day / f"{name}{VIDEO}", float(int(starts_s)))


def _source_in(folder: Path) -> str:
    """The name of a folder's source; empty where it is no source's folder."""
    try:
        with (folder / NAME).open("rb") as file:
            source = file.read(4 * NAME_LENGTH + 1).decode(errors="replace")
    except OSError:
        return ""
    return source if safe(source) == folder.name else ""


def _days(folder: Path) -> Iterator[str]:
    for entry in os.scandir(folder):
        if _DAY.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
            yield entry.name


def _starts_s(day: str, name: str) -> float | None:
    """The second in which a file begins, by its name; None where it is no recording's."""
    stem, suffix = os.path.splitext(name)
    time = _FILE.fullmatch(stem)
    if suffix != VIDEO or not time:
        return None
    try:
        moment = datetime.strptime(f"{day} {time[1]}", f"{_DAY_FORMAT} {_TIME_FORMAT}")
    except ValueError:  # of no calendar
        return None
    return moment.replace(tzinfo=UTC).timestamp()


def _minute_end(starts_s: float) -> float:
    return (starts_s // MINUTE_S + 1) * MINUTE_S


def _day_of(moment_s: float) -> str:
    try:
        return (datetime(1970, 1, 1) + timedelta(seconds=moment_s)).strftime(_DAY_FORMAT)
    except OverflowError:
        return "0" if moment_s < 0 else "9999-12-31"
