"""Which files are redacted, and where their results go."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from functions.core.errors import UsageError
from streams.file_redaction.picture_result import suffix_of
from streams.file_redaction.video_result import CONTAINERS
from streams.video.decoding import VideoError, open_video
from streams.video.pictures import PICTURES, is_picture, kind_not_read

_TAG = "_redacted"
# What of a folder is taken for a video, going by its name.
_VIDEOS = {
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".vob", ".wmv", ".asf"),
    *(".flv", ".3gp", ".3g2", ".ogv", ".mxf", ".dv", ".mjpg", ".mjpeg", ".h264", ".264", ".h265", ".hevc", ".y4m"),
}


class Job(NamedTuple):
    """A file, and its result; a GIF becomes a picture or a video by what is in it."""

    source: Path
    result: Path


class Plan(NamedTuple):
    """What is to be done, and what is there already."""

    jobs: list[Job]
    skipped: list[Job]


class _Found(NamedTuple):
    """A file, and its place below what was named."""

    path: Path
    below: Path


def plan(given: Sequence[str], out: Path | None, overwrite: bool) -> Plan:
    """The jobs for files, folders (with all in them) and patterns. Raises UsageError.

    Without `out` a result stands beside its source, as `clip_redacted.mp4`; else in the folder `out`, or is `out` where
    one file is given and that is no folder. What lies in that folder is no source.
    """
    found = [
        each for each in _all(given) if not (out and out.is_dir() and out.resolve() in each.path.resolve().parents)
    ]
    if not found:
        raise UsageError(f"{', '.join(given)}: expected pictures or videos, got none")
    single = out is not None and len(found) == 1 and Path(given[0]).is_file() and bool(out.suffix) and not out.is_dir()
    jobs = [Job(each.path, out if out and single else _result(each, out)) for each in found]
    _refuse_collisions(jobs)
    if single:
        _refuse_kind(jobs[0])
    there = [job for job in jobs if job.result.exists() and not overwrite]
    return Plan([job for job in jobs if job not in there], there)


def _all(given: Sequence[str]) -> list[_Found]:
    return list(dict.fromkeys(each for word in given for each in _found(word)))


def _found(word: str) -> Iterator[_Found]:
    path = Path(word)
    if path.is_dir():
        yield from (_Found(each, each.relative_to(path)) for each in sorted(_in_folder(path)))
    elif path.exists():
        yield _Found(path, Path(path.name))
    elif matching := sorted(glob.glob(word, recursive=True)):
        for each in matching:
            yield from _found(each)
    else:
        raise UsageError(f"{word}: expected a file, a folder or a pattern that fits some, got none that is there")


def _in_folder(folder: Path) -> Iterator[Path]:
    """What goes by its name for a picture or a video, but for results of ours."""
    for each in folder.rglob("*"):
        known = each.suffix.lower() in PICTURES | _VIDEOS or kind_not_read(each)
        if known and not each.name.startswith(".") and not each.stem.endswith(_TAG) and each.is_file():
            yield each


def _result(found: _Found, out: Path | None) -> Path:
    """Its own name where the kind stays, else the name with the new kind behind it: `clip.avi` is `clip.avi.mp4`."""
    source, tag = found.path, "" if out else _TAG
    suffix = suffix_for(source)
    name = f"{source.stem}{tag}{suffix}" if suffix == source.suffix else f"{source.name}{tag}{suffix}"
    return (out / found.below if out else source).with_name(name)


def suffix_for(source: Path) -> str:
    """The suffix of a result, by its source's name."""
    if is_still(source):
        return suffix_of(source)
    return source.suffix if source.suffix.lower() in CONTAINERS else ".mp4"


def is_still(source: Path) -> bool:
    """Whether a file is a picture: by its name, for a GIF by what is in it."""
    if source.suffix.lower() != ".gif":
        return is_picture(source) or kind_not_read(source)
    try:
        with open_video(str(source.resolve())) as video:
            return sum(1 for _ in islice(video.moments(lambda text: None), 2)) == 1
    except VideoError:
        return False


def _refuse_kind(job: Job) -> None:
    fitting = (suffix_of(job.source).lower(),) if is_still(job.source) else tuple(CONTAINERS)
    if job.result.suffix.lower() not in fitting:
        expected = ", ".join(fitting)
        raise UsageError(f"{job.result}: expected a name that ends in {expected}, since {job.source} is given")


def _refuse_collisions(jobs: Iterable[Job]) -> None:
    taken: dict[Path, Path] = {}
    for job in jobs:
        place = job.result.resolve()
        if place == job.source.resolve():
            raise UsageError(f"{job.source}: expected a result that is another file; -o names a folder for results")
        if place in taken:
            raise UsageError(f"{job.result}: expected one source for it, got {taken[place]} and {job.source}")
        taken[place] = job.source
