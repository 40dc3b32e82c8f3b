"""A picture or a video on disk as frames, for `imagebus try`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import numpy as np
from av import VideoFrame

from functions.core.frame import Frame, Picture
from functions.core.jpeg import JpegError
from streams.producer.sources import PICTURES, VideoFile
from streams.producer.urls import SourceError

_RUN = "0" * 12


class FrameReader:
    """A picture or a video as frames of one source, named after the file. Raises SourceError where it is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = VideoFile(path)
        self.is_picture = is_picture(path)
        self.total = 1 if self.is_picture else self._file.total

    def frames(self) -> Iterator[Frame]:
        """All frames. Raises SourceError where the file cannot be read to its end."""
        for seq, (at_s, picture) in enumerate(self._pictures()):
            yield Frame(picture, self._path.stem, f"{_RUN}-{seq}", seq, captured_at=round(at_s * 1_000_000))

    def _pictures(self) -> Iterator[tuple[float, Picture]]:
        if self.is_picture and _is_jpeg(self._path):
            yield 0.0, _whole_jpeg(self._path)
            return
        for moment in self._file.moments(Event()):
            yield moment.at_s, _picture(moment.picture())


def is_picture(path: Path) -> bool:
    """Whether the file is a single picture, going by its name."""
    return path.suffix.lower() in PICTURES


def _is_jpeg(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\xff\xd8"


def _whole_jpeg(path: Path) -> Picture:
    picture = Picture(jpeg=path.read_bytes())
    try:
        _ = picture.image  # a truncated one is refused here, in one line, rather than in a function
    except JpegError as error:
        raise SourceError(f"{path}: {error}") from None
    return picture


def _picture(given: bytes | VideoFrame) -> Picture:
    if isinstance(given, bytes):
        return Picture(jpeg=given)
    return Picture(image=np.ascontiguousarray(np.rot90(given.to_ndarray(format="bgr24"), given.rotation // 90)))
