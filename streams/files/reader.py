"""A picture or a video on disk as frames, for `imagebus try`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from threading import Event

from functions.core.frame import Frame, Picture
from functions.core.jpeg import JpegError
from streams.producer.recorded import VideoFile
from streams.producer.urls import SourceError
from streams.video.decoding import Moment, Say, open_video
from streams.video.pictures import is_picture, read_picture

_RUN = "0" * 12


class FrameReader:
    """A picture or a video as frames of one source, named after the file. Raises SourceError where it is none.

    `losses` says what of it did not come, once it has ended.
    """

    def __init__(self, path: Path, say: Say) -> None:
        self._path = path
        self._file = VideoFile(str(path), partial(open_video, str(path.resolve())), say)
        self.is_picture = is_picture(path)
        self.total = 1 if self.is_picture else self._file.total

    @property
    def losses(self) -> str:
        return self._file.losses

    def frames(self) -> Iterator[Frame]:
        """All frames. Raises SourceError where the file cannot be read to its end."""
        for seq, moment in enumerate(self._moments()):
            at_us = round(moment.at_s * 1_000_000)
            yield Frame(self._picture(moment), self._path.stem, f"{_RUN}-{seq}", seq, captured_at=at_us)

    def _moments(self) -> Iterable[Moment]:
        return [Moment(0.0, partial(read_picture, self._path))] if self.is_picture else self._file.moments(Event())

    def _picture(self, moment: Moment) -> Picture:
        try:
            given = moment.picture()
            picture = Picture(jpeg=given) if isinstance(given, bytes) else Picture(image=given.image())
            _ = picture.image  # a truncated one is refused here, in one line, rather than in a function
        except JpegError as error:
            raise SourceError(f"{self._path}: {error}") from None
        return picture
