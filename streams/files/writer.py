"""Frames as a picture or a video on disk, for `imagebus try`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import cv2
import numpy as np
from av import VideoFrame

from functions.core.errors import UsageError
from functions.core.frame import Frame
from functions.core.jpeg import Image

_MILLISECOND = Fraction(1, 1000)


class OutputError(UsageError):
    """The result cannot be written as asked; the text names the file, what was expected and what came."""


class PictureOutput:
    """Writes a picture; of several frames, the second goes to `NAME.1.jpg` and so on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def write(self, frame: Frame) -> None:
        """Write one frame. Raises OutputError."""
        suffix = self._path.suffix
        path = self._path.with_suffix(f".{self._count}{suffix}") if self._count else self._path
        self._count += 1
        try:
            path.write_bytes(_PICTURES[suffix.lower()](frame, suffix))
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error.strerror}") from None


class VideoOutput:
    """Writes a video, H.264 where PyAV has it; of the first frame's size, rounded up to even numbers."""

    def __init__(self, path: Path) -> None:
        _refuse_unwritable(path)  # FFmpeg would say so only at the first frame's end
        self._path = path
        self._container = av.open(str(path.resolve()), "w")
        self._stream: Any = None
        self._last = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()
        if self._stream is None:
            self._path.unlink()

    def write(self, frame: Frame) -> None:
        """Write one frame at the time it was captured."""
        if self._stream is None:
            self._stream = self._start(frame.size_wh)
        image, size_wh = frame.image, (self._stream.width, self._stream.height)
        picture = VideoFrame.from_ndarray(np.ascontiguousarray(_sized(image, size_wh)), format="bgr24")
        self._last = max(frame.captured_at // 1000, self._last + 1)  # of several frames of one moment, too
        picture.pts, picture.time_base = self._last, _MILLISECOND
        self._container.mux(self._stream.encode(picture))

    def _start(self, size_wh: tuple[int, int]) -> Any:
        stream: Any = self._container.add_stream(_video_codec())
        stream.width, stream.height = (side + side % 2 for side in size_wh)
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = _MILLISECOND
        return stream


Output = PictureOutput | VideoOutput


def open_output(path: Path, source: Path, is_picture: bool) -> AbstractContextManager[Output]:
    """Where results of the source go. Raises OutputError for a file of another kind than the source's."""
    kinds = _PICTURES if is_picture else _VIDEOS
    if path.suffix.lower() not in kinds:
        what = "picture" if is_picture else "video"
        raise OutputError(f"{path}: expected the name of a {what} ({', '.join(kinds)}), since {source} is one")
    if path.exists() and path.samefile(source):
        raise OutputError(f"{path}: expected another file than the one that is read")
    return PictureOutput(path) if is_picture else VideoOutput(path)


def _refuse_unwritable(path: Path) -> None:
    try:
        path.open("wb").close()
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None


def _sized(image: Image, size_wh: tuple[int, int]) -> Image:
    if image.shape[1::-1] == size_wh:
        return image
    return cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _video_codec() -> str:
    return "libx264" if "libx264" in av.codecs_available else "mpeg4"


def _jpeg(frame: Frame, suffix: str) -> bytes:
    return frame.jpeg


def _other(frame: Frame, suffix: str) -> bytes:
    return cv2.imencode(suffix.lower(), frame.image)[1].tobytes()


_PICTURES: dict[str, Callable[[Frame, str], bytes]] = {
    ".jpg": _jpeg,
    ".jpeg": _jpeg,
    ".png": _other,
    ".bmp": _other,
    ".webp": _other,
    ".tif": _other,
    ".tiff": _other,
}
_VIDEOS = (".mp4", ".mkv", ".mov", ".avi")
