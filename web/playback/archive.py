"""The recordings of a chain file as a role may see them: found among what is there, never by a path."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from streams.recording import folder
from streams.recording.chosen import Recording
from streams.recording.folder import File
from streams.recording.numbers import Gap, Head, Summary, counted_summary_of, head_of, written_summary_of
from web.auth.credentials import OPERATOR

# Files whose sum is remembered: a fortnight of a camera.
_REMEMBERED = 20_000


class RecordedCamera(Struct, frozen=True):
    """A source of a recording, and the first and last day (UTC) of it; a `raw` one may show people."""

    recording: str
    folder: str
    source: str
    raw: bool
    first: str
    last: str


class Segment(Struct, frozen=True, kw_only=True):
    """One file: its times in µs since the epoch, and what is in it; `gap` is what is missing before."""

    file: str
    starts_at: int
    ends_at: int
    frames: int
    found: dict[str, int]
    doubts: int
    covered: float
    bytes: int
    open: bool
    gap: Gap | None


class _Known(Struct, frozen=True):
    of: tuple[int, int, int]
    segment: Segment
    redacted: bool


class Archive:
    """Finds recordings by the names of their folders and files. Blocks while it reads."""

    def __init__(self, recordings: list[Recording]) -> None:
        self._recordings = {each.name: each for each in recordings}
        self._known: OrderedDict[Path, _Known] = OrderedDict()

    def cameras(self, role: str) -> list[RecordedCamera]:
        """All sources of which this role may see something."""
        return [
            RecordedCamera(each.name, name, source, not each.redacted, days[0], days[-1])
            for each in self._seen_by(role)
            for name, source in _sources(each).items()
            if (days := folder.days(each.root, name))
        ]

    def segments(self, role: str, recording: str, name: str, since_us: int, until_us: int) -> list[Segment]:
        """The files of a source of which something is of that time, in order; none of what the role may not see."""
        if (each := self._recording(role, recording)) is None or name not in _sources(each):
            return []
        files = folder.files(each.root, name, since_us / 1e6, until_us / 1e6)
        known = [known for file in files if (known := self._of(file)) and _may_see(role, known)]
        return sorted((each.segment for each in known), key=lambda segment: segment.starts_at)

    def file(self, role: str, recording: str, name: str, day: str, video: str) -> File | None:
        """The file of these names, None where there is none that the role may see."""
        if (each := self._recording(role, recording)) is None or name not in _sources(each):
            return None
        if day not in folder.days(each.root, name):
            return None
        files = (file for file in folder.files_of_day(each.root, name, day) if file.video.name == video)
        file = next(files, None)
        known = file and self._of(file)
        return file if known and _may_see(role, known) else None

    def _recording(self, role: str, name: str) -> Recording | None:
        return next((each for each in self._seen_by(role) if each.name == name), None)

    def _seen_by(self, role: str) -> Iterator[Recording]:
        return (each for each in self._recordings.values() if role == OPERATOR or each.redacted)

    def _of(self, file: File) -> _Known | None:
        """What is known of a file, read again where it has changed; None of one that is removed or not begun."""
        try:
            about = file.numbers.stat()
            of = (about.st_ino, about.st_size, about.st_mtime_ns)
            known = self._known.get(file.video)
            if known is None or known.of != of:
                known = _read(file, of)
        except OSError:
            return None
        if known:
            self._known[file.video] = known
            self._known.move_to_end(file.video)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return known


def _read(file: File, of: tuple[int, int, int]) -> _Known | None:
    head, ended = head_of(file.numbers), written_summary_of(file.numbers)
    if head is None:
        return None
    summary = ended or counted_summary_of(file.numbers)
    return _Known(of, _segment(file, head, summary, ended is None), head.redacted)


def _may_see(role: str, known: _Known) -> bool:
    # By what the file says itself, too: a topic may have been raw when it was recorded.
    return role == OPERATOR or known.redacted


def _sources(recording: Recording) -> dict[str, str]:
    try:
        return folder.sources(recording.root)
    except OSError:  # nothing was recorded yet
        return {}


def _segment(file: File, head: Head, summary: Summary, is_open: bool) -> Segment:
    return Segment(
        file=f"{file.video.parent.name}/{file.video.stem}",
        starts_at=head.starts_at,
        ends_at=max(summary.ends_at, head.starts_at),
        frames=summary.frames,
        found=summary.found,
        doubts=summary.doubts,
        covered=summary.covered,
        bytes=file.bytes,
        open=is_open,
        gap=head.gap,
    )
