"""A video file as frames that are redacted in order, with their stamps; its background is learned before the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Event
from typing import NamedTuple

from functions.core.frame import Frame, Picture
from functions.core.jpeg import JpegError
from streams.file_redaction.chain import FileChain
from streams.file_redaction.redactor import RedactedFrame, Redactor
from streams.producer.recorded import VideoFile
from streams.video.decoding import Moment, Say, open_video
from streams.video.key_frames import Decode

_RUN = "0" * 12
# What is learned beforehand: key frames of the beginning, so far apart at least; then the first frames, backwards, so
# that the very first one follows on what was seen last.
_LEARNED_S, _APART_S, _FIRST = 120.0, 2.0, 12


class Stamped(NamedTuple):
    """A redacted frame, and its stamp in the source's time base, None where it has none."""

    frame: RedactedFrame
    pts: int | None


class Recording:
    """A video file, redacted frame by frame. Raises SourceError where it is none.

    `losses` says what of it did not come, once it has ended; `total` is the number of its frames where its header says.
    """

    def __init__(self, path: Path, chain: FileChain, pool: Executor, ahead: int, say: Say) -> None:
        self._path, self._redactor = path, Redactor(chain.for_source(path.stem), pool, ahead)
        self._open = partial(VideoFile, str(path), partial(open_video, str(path.resolve())))
        self._file = self._open(say)
        self._stamps: dict[int, int | None] = {}
        self.total = self._file.total

    @property
    def losses(self) -> str:
        """What of the file did not come, in numbers; empty where all did."""
        lost = self._redactor.not_decoded
        said = f"damaged: {lost} frames did not decode" if lost else ""
        return "; ".join(filter(None, (self._file.losses, said)))

    def frames(self) -> Iterator[Stamped]:
        """Every frame, redacted, in order. Raises UsageError where it cannot go on."""
        if self._redactor.learns:
            self._learn()
        for each in self._redactor.redacted(self._reads()):
            yield Stamped(each, self._stamps.pop(each.raw.seq))

    def _reads(self) -> Iterator[Callable[[], Frame]]:
        for seq, moment in enumerate(self._file.moments(Event())):
            self._stamps[seq] = moment.pts
            yield partial(_read, self._path.stem, seq, moment)

    def _learn(self) -> None:
        beforehand = self._open(_silent)  # the pass that counts tells what is wrong
        last_s = -_APART_S
        beforehand.decode = Decode("keyframes")
        for moment in beforehand.moments(Event()):
            if moment.at_s > _LEARNED_S:
                break
            if not moment.skipped and moment.at_s - last_s >= _APART_S:
                last_s = moment.at_s
                self._see(moment)
        beforehand.decode = Decode()
        for moment in reversed(list(islice(beforehand.moments(Event()), 1, 1 + _FIRST))):
            self._see(moment)

    def _see(self, moment: Moment) -> None:
        with suppress(JpegError):
            self._redactor.learn(_read(self._path.stem, 0, moment))


def _silent(text: str) -> None:
    pass


def _read(source: str, seq: int, moment: Moment) -> Frame:
    given = moment.picture()
    picture = Picture(jpeg=given) if isinstance(given, bytes) else Picture(image=given.image())
    return Frame(picture, source, f"{_RUN}-{seq}", seq, captured_at=round(moment.at_s * 1_000_000))
