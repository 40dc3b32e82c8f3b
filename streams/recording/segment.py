"""One file while it is written: fragments of video, and the numbers of the frames that are in them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from functions.core.jpeg import Image
from streams.recording.folder import File
from streams.recording.fragments import FragmentedMp4
from streams.recording.numbers import Chain, Head, Line, Numbers, Tally, encode

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_APPEND


class Segment:
    """Writes a file that is not there yet. Raises OSError: what is on disk then is whole up to the last fragment."""

    def __init__(self, file: File, head: Head) -> None:
        self.file, self.head = file, head
        self.bytes = 0
        self._mp4 = FragmentedMp4(head.size_wh)
        self._tally = Tally()
        self._chain: Chain | None = None
        self._waiting: list[Line] = []  # of frames whose fragment is not on disk yet
        self._video = _Appended(file.video)
        try:
            self._numbers = _Appended(file.numbers)
            self._add(self._numbers, encode(head))
        except OSError:
            self.drop()
            raise

    @property
    def is_gone(self) -> bool:
        """Whether somebody has removed it: nothing more of it is to be kept."""
        return self._video.is_gone

    @property
    def unwritten(self) -> Numbers | None:
        """The first frame that a crash would lose now."""
        return next((line for line in self._waiting if isinstance(line, Numbers)), None)

    @property
    def ends_at(self) -> int:
        """When the last frame on disk was taken; 0 where there is none."""
        return self._tally.summary.ends_at

    def write(self, image: Image, numbers: Numbers, chain: Chain) -> None:
        """Take one frame, later than the one before."""
        data = self._mp4.encode(image, numbers.at - self.head.starts_at)
        self._flush(data, self._waiting)
        if chain != self._chain:
            self._chain = chain
            self._waiting.append(chain)
        self._waiting.append(numbers)

    def close(self) -> None:
        """Write what is left, and the sum of it."""
        try:
            self._flush(self._mp4.close(), self._waiting)
            self._add(self._numbers, encode(self._tally.summary))
        finally:
            self._close_files()

    def drop(self) -> None:
        """Write no more; a file that holds no picture yet is removed."""
        self._close_files()
        if not self._tally.summary.frames:
            with suppress(OSError):
                self.file.remove()

    def _flush(self, data: bytes, lines: list[Line]) -> None:
        """Put a fragment on disk, then the numbers of its frames."""
        if not data:
            return
        self._add(self._video, data)
        self._add(self._numbers, b"".join(map(encode, lines)))
        for line in lines:
            if isinstance(line, Numbers):
                self._tally.add(line)
        lines.clear()

    def _add(self, file: _Appended, data: bytes) -> None:
        file.write(data)
        self.bytes += len(data)

    def _close_files(self) -> None:
        for file in (self._video, getattr(self, "_numbers", None)):
            if file:
                file.close()


class _Appended:
    """A new file to which all of some bytes is added, or none of them."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, _NEW, 0o640)
        self._size = 0

    @property
    def is_gone(self) -> bool:
        return os.fstat(self._fd).st_nlink == 0

    def write(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._fd, left) :]
        except OSError:
            os.ftruncate(self._fd, self._size)
            raise
        self._size += len(data)

    def close(self) -> None:
        os.close(self._fd)
