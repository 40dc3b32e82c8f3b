"""Which redacted file belongs to which raw one: two files, or two folders by the names of what lies in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from functions.core.errors import UsageError
from streams.video.pictures import PICTURES, kind_not_read

# What lies in folders and is looked at: pictures, and videos by their usual names.
_VIDEO_NAMES = ".mp4 .m4v .mov .mkv .avi .webm .mpg .mpeg .ts .mts .m2ts .3gp .wmv .flv .gif"
_LOOKED_AT = PICTURES | set(_VIDEO_NAMES.split())


class FilePair(NamedTuple):
    """A raw file and its redacted one."""

    raw: Path
    redacted: Path


class Pairs(NamedTuple):
    """Files that belong together, redacted ones that have no raw one, and raw ones that have no redacted one.

    `others` lie in the redacted folder and are neither pictures nor videos.
    """

    both: Sequence[FilePair]
    only_redacted: Sequence[Path] = ()
    only_raw: Sequence[Path] = ()
    others: Sequence[Path] = ()


def pairs_of(raw: Path, redacted: Path) -> Pairs:
    """The pairs of two files or of two folders. Raises UsageError where there is none."""
    for path in (raw, redacted):
        if not path.exists():
            raise UsageError(f"{path}: expected a file or a folder, got none")
    if raw.samefile(redacted):
        raise UsageError(f"{redacted}: expected another file than the raw one")
    if raw.is_dir() != redacted.is_dir():
        what = "a folder" if raw.is_dir() else "a file"
        raise UsageError(f"{redacted}: expected {what}, since {raw} is one")
    return _in_folders(raw, redacted) if raw.is_dir() else Pairs([FilePair(raw, redacted)])


def _in_folders(raw: Path, redacted: Path) -> Pairs:
    before, after = _files(raw), _files(redacted)
    if not before or not after:
        raise UsageError(f"{raw if not before else redacted}: expected pictures or videos in it, got none")
    both, extra = [], []
    for name, path in after.items():
        match = before.get(name) or _of_another_kind(name, before)
        both += [FilePair(match, path)] if match else []
        extra += [] if match else [path]
    matched = {pair.raw for pair in both}
    others = [path for path in sorted(redacted.rglob("*")) if path.is_file() and not _is_looked_at(path)]
    return Pairs(both, extra, [path for path in before.values() if path not in matched], others)


def _files(folder: Path) -> dict[Path, Path]:
    """By their names within the folder, sorted."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder): path for path in files if _is_looked_at(path)}


def _is_looked_at(path: Path) -> bool:
    return path.suffix.lower() in _LOOKED_AT or kind_not_read(path)


def _of_another_kind(name: Path, before: dict[Path, Path]) -> Path | None:
    """The only one of that name but for its ending: a HEIC became a JPEG, an AVI an MP4."""
    found = [path for each, path in before.items() if each.with_suffix("") == name.with_suffix("")]
    return found[0] if len(found) == 1 else None
