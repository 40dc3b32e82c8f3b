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
from streams.video.key_frames import Decode, Mode
from streams.video.shown import Shown

_RUN = "0" * 12


class _Apart(NamedTuple):
    """Pictures that are decoded in this mode, from the beginning until then, so far apart at least."""

    decode: Mode
    until_s: float
    by_s: float


# What is learned beforehand: so many pictures, so far apart that who is in one is gone in most; where that does not do,
# the first few in a row. All backwards, so that the very first one follows on what was seen last.
_APART = (_Apart("keyframes", 60.0, 2.0), _Apart("all", 5.0, 0.2))
_ENOUGH, _FIRST = 8, 12

Given = bytes | Shown | JpegError


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
            yield partial(_frame, self._path.stem, seq, moment.at_s, _given(moment))

    def _learn(self) -> None:
        """Until it is known what stands: of pictures far apart, then less far, then, as the camera moves, of each."""
        beforehand = self._open(_silent)  # the pass that counts tells what is wrong
        for apart in _APART:
            seen = [self._sees(given) for given in reversed(list(_spread(beforehand, apart)))]
            if len(seen) >= _ENOUGH and seen[-1]:
                return
        beforehand.decode = Decode()
        for given in reversed([_given(moment) for moment in islice(beforehand.moments(Event()), 1, 1 + _FIRST)]):
            self._sees(given)

    def _sees(self, given: Given) -> bool:
        with suppress(JpegError):
            return self._redactor.learn(_frame(self._path.stem, 0, 0.0, given))
        return False


def _spread(file: VideoFile, apart: _Apart) -> Iterator[Given]:
    last_s = 0.0
    file.decode = Decode(apart.decode)
    for moment in file.moments(Event()):
        if moment.at_s > apart.until_s:
            break
        if not moment.skipped and moment.at_s - last_s >= apart.by_s:
            last_s = moment.at_s
            yield _given(moment)


def _silent(text: str) -> None:
    pass


def _given(moment: Moment) -> Given:
    """What the decoder gives, taken while the file is open and by the one thread that reads it."""
    try:
        return moment.picture()
    except JpegError as error:
        return error


def _frame(source: str, seq: int, at_s: float, given: Given) -> Frame:
    """The frame of it, from any thread. Raises JpegError where it could not be decoded."""
    if isinstance(given, JpegError):
        raise given
    picture = Picture(jpeg=given) if isinstance(given, bytes) else Picture(image=given.image())
    return Frame(picture, source, f"{_RUN}-{seq}", seq, captured_at=round(at_s * 1_000_000))
