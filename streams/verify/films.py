"""Both films of a comparison, read twice: once for small prints to line them up by, once for the pairs of frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from functions.core.frame import Frame
from functions.core.jpeg import Image
from functions.core.xyxy import same_shape
from streams.files.reader import FrameReader
from streams.producer.urls import SourceError
from streams.verify.alignment import Alignment, Ints, Prints, align, print_of
from streams.verify.covered import sized

# Wraps what takes long: frames, how many there are, and what is done with them.
Progress = Callable[[Iterator[Frame], int | None, str], Iterator[Frame]]


class Pair(NamedTuple):
    """A redacted frame, its pixels in the raw one's size, and the raw frame that it shows.

    There are two of them where pictures and stamps disagree, the more likely one first: both are looked at.
    """

    raw: Sequence[Frame]
    redacted: Frame
    image: Image


class Films:
    """A raw and a redacted video, or picture, lined up. Raises SourceError where one of them is none."""

    def __init__(self, raw: Path, redacted: Path, progress: Progress, say: Callable[[str], None]) -> None:
        self._readers = FrameReader(raw, say), FrameReader(redacted, say)
        self._progress = progress
        prints, wh = zip(*(self._prints(reader) for reader in self._readers), strict=True)
        self.frames = len(prints[0].at_s), len(prints[1].at_s)
        self.step_s = float(np.median(np.diff(prints[1].at_s))) if self.frames[1] > 1 else 0.0
        self.shape_differs = (
            "" if same_shape(*wh) else "expected a picture of the shape of {0[0]}x{0[1]}, got {1[0]}x{1[1]}".format(*wh)
        )
        self.alignment: Alignment = align(*prints)

    @property
    def losses(self) -> tuple[str, str]:
        """What could not be read of the raw and of the redacted file."""
        raw, redacted = (reader.losses for reader in self._readers)
        return raw, redacted

    def pairs(self) -> Iterator[Pair]:
        """Each redacted frame with its raw one."""
        raw, redacted = self._readers
        paths = [path for path in (self.alignment.raw, self.alignment.other) if path is not None]
        told = zip(*(_along(raw.frames(), path) for path in paths), strict=True)
        for frame, shown in zip(self._progress(redacted.frames(), self.frames[1], "compared"), told, strict=True):
            yield Pair(shown, frame, sized(frame.image, shown[0].size_wh))

    def _prints(self, reader: FrameReader) -> tuple[Prints, tuple[int, int]]:
        cells, at_s, size_wh = [], [], (0, 0)
        for frame in self._progress(reader.frames(), reader.total, "lined up"):
            cells.append(print_of(frame.image))
            at_s.append(frame.captured_at / 1_000_000)
            size_wh = size_wh if any(size_wh) else frame.size_wh
        if not cells:
            raise SourceError("Expected a picture, got none")
        return Prints(np.array(cells), np.array(at_s)), size_wh


def _along(frames: Iterator[Frame], path: Ints) -> Iterator[Frame]:
    """The frames of those numbers, which never go backwards."""
    frame = next(frames)
    for number in path:
        while frame.seq < number:
            frame = next(frames)
        yield frame
