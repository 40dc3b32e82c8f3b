"""Recorded sources: a video file, a folder of pictures. They end, and say what of them could not be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Event

from functions.core.jpeg import JpegError
from streams.producer.urls import SourceError
from streams.video.decoding import Moment, Say, Video, VideoError
from streams.video.key_frames import Decode
from streams.video.motion_jpeg import MotionJpeg
from streams.video.pictures import PICTURES, kind_not_read, read_picture
from streams.video.shown import Shown

Opened = Video | MotionJpeg


class VideoFile:
    """A recorded video, opened whenever it is read; `label` is its place without secrets.

    Raises SourceError where it is none.
    """

    live = False
    connections = 0
    every = 30

    def __init__(self, label: str, connect: Callable[[], Opened], say: Say) -> None:
        self._label, self._connect, self._say = label, connect, say
        self.losses = ""
        self.decode = Decode()
        with self._open() as video:
            self.total = video.frames
            if video.has_others:
                say(video.described)

    def moments(self, stop: Event) -> Iterator[Moment]:
        """Every frame. Raises SourceError where the file cannot be read to its end."""
        with self._open() as video:
            try:
                yield from video.moments(self._say, None, self.decode)
            except VideoError as error:
                raise SourceError(f"{self._label}: {error}") from None
        self._end(str(video.losses))

    def _open(self) -> Opened:
        try:
            return self._connect()
        except VideoError as error:
            raise SourceError(f"{self._label}: {error}") from None

    def _end(self, losses: str) -> None:
        if losses and not self.losses:  # once for a file in a loop
            self._say(f"{self._label}: {losses}")
        self.losses = losses


class PictureFolder:
    """The pictures of a folder by name, one a second. Raises SourceError where it has none."""

    live = False
    connections = 0
    every = 1
    decode = Decode()

    def __init__(self, path: Path, say: Say) -> None:
        files = sorted(filter(Path.is_file, path.iterdir()), key=_by_number)
        self._pictures = [file for file in files if file.suffix.lower() in PICTURES]
        self.total: int | None = len(self._pictures)
        if not self._pictures:
            raise SourceError(f"{path}: expected pictures ({', '.join(sorted(PICTURES))}) in it, got none")
        others = [file.name for file in files if kind_not_read(file)]
        self.losses = f"{len(others)} pictures are of a kind that is not read: {', '.join(others)}" if others else ""
        if others:
            say(self.losses)

    def moments(self, stop: Event) -> Iterator[Moment]:
        """Every picture, read when it is asked for."""
        for number, path in enumerate(self._pictures):
            yield Moment(float(number), partial(_named, path))


def _named(path: Path) -> bytes | Shown:
    try:
        return read_picture(path)
    except JpegError as error:
        raise JpegError(f"{path.name}: {error}") from None


def _by_number(path: Path) -> list[tuple[int, str]]:
    """Natural sort order: picture 9 before picture 10."""
    return [(int(word) if word.isdigit() else -1, word) for word in re.split(r"(\d+)", path.name)]
