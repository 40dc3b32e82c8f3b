"""Recorded sources: a video file, a folder of pictures. They end, and say what of them could not be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event

from streams.producer.urls import SourceError
from streams.video.decoding import Moment, Say, Video, VideoError, open_video
from streams.video.pictures import PICTURES, is_picture, read_picture


class VideoFile:
    """A video file, read from its stream of this number or its best. Raises SourceError where it is none."""

    live = False
    connections = 0
    every = 30

    def __init__(self, path: Path, say: Say, number: int | None = None) -> None:
        self._path, self._say, self._number = path, say, number
        with self._open() as video:
            self.total = video.frames
            if video.has_others:
                say(video.described)
        self.losses = ""

    def moments(self, stop: Event) -> Iterator[Moment]:
        """Every frame. Raises SourceError where the file cannot be read to its end."""
        try:
            with self._open() as video:
                yield from video.moments(self._say)
                self.losses = str(video.losses)
        except VideoError as error:
            raise SourceError(f"{self._path}: {error}") from None

    def _open(self) -> Video:
        try:
            return open_video(str(self._path.resolve()), number=self._number)
        except VideoError as error:
            raise SourceError(f"{self._path}: {error}") from None


class PictureFolder:
    """The pictures of a folder by name, one a second. Raises SourceError where it has none."""

    live = False
    connections = 0
    every = 1
    losses = ""

    def __init__(self, path: Path) -> None:
        self._pictures = sorted(filter(_is_picture_file, path.iterdir()), key=_by_number)
        self.total: int | None = len(self._pictures)
        if not self._pictures:
            raise SourceError(f"{path}: expected pictures ({', '.join(sorted(PICTURES))}) in it, got none")

    def moments(self, stop: Event) -> Iterator[Moment]:
        """Every picture, read when it is asked for."""
        for number, path in enumerate(self._pictures):
            yield Moment(float(number), partial(read_picture, path))


def _is_picture_file(path: Path) -> bool:
    return is_picture(path) and path.is_file()


def _by_number(path: Path) -> list[tuple[int, str]]:
    """Natural sort order: picture 9 before picture 10."""
    return [(int(word) if word.isdigit() else -1, word) for word in re.split(r"(\d+)", path.name)]
