"""Where frames come from: a video file, a folder of pictures, a camera's URL, a camera of this host."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Event
from typing import Protocol

import av
from av import VideoFrame

from functions.core import jpeg
from functions.core.jpeg import JpegError
from streams.producer.decoding import Moment, VideoError, open_video, read
from streams.producer.encoder import is_complete
from streams.producer.reconnecting import LiveVideo, Say
from streams.producer.urls import SourceError, check, scheme_of, shown
from streams.settings import from_environment

_WEBCAM = re.compile(r"WEBCAM(?::(?P<number>\d{1,3}))?")
_JPEGS = frozenset({".jpg", ".jpeg"})
PICTURES = _JPEGS | frozenset({".png", ".bmp", ".webp", ".tif", ".tiff"})

# Low latency: start soon, buffer nothing. Not fflags=nobuffer: it drops what came while probing, which is often the
# only key frame for seconds.
_LOW_DELAY = {"flags": "low_delay", "analyzeduration": "500000", "probesize": "1000000"}
_RTSP = {**_LOW_DELAY, "rtsp_transport": "tcp"}


class Source(Protocol):
    """A source of frames: a `live` one is endless and sets its own pace; `total` is their number, where known.

    `connections` counts the connections of a live one.
    """

    live: bool
    every: int
    total: int | None
    connections: int

    def moments(self, stop: Event) -> Iterator[Moment]:
        """All frames from the first; those of a live source until `stop` is set."""
        ...


class VideoFile:
    """A video file. Raises SourceError where it is none."""

    live = False
    connections = 0
    every = 30

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with open_video(str(path.resolve())) as container:
                self.total = container.streams.video[0].frames or None
        except VideoError as error:
            raise SourceError(f"{path}: {error}") from None

    def moments(self, stop: Event) -> Iterator[Moment]:
        """Every frame. Raises SourceError where the file cannot be read to its end."""
        try:
            with open_video(str(self._path.resolve())) as container:
                yield from read(container)
        except VideoError as error:
            raise SourceError(f"{self._path}: {error}") from None


class PictureFolder:
    """The pictures of a folder by name, one a second. Raises SourceError where it has none."""

    live = False
    connections = 0
    every = 1

    def __init__(self, path: Path) -> None:
        pictures = [file for file in path.iterdir() if file.suffix.lower() in PICTURES and file.is_file()]
        self._pictures = sorted(pictures, key=_by_number)
        self.total: int | None = len(self._pictures)
        if not self._pictures:
            raise SourceError(f"{path}: expected pictures ({', '.join(sorted(PICTURES))}) in it, got none")

    def moments(self, stop: Event) -> Iterator[Moment]:
        """Every picture, read when it is asked for."""
        for number, path in enumerate(self._pictures):
            yield Moment(float(number), partial(_read_picture, path))


def open_source(given: str, say: Say) -> Source:
    """The source of this name, with env:NAME read from the environment. Raises SourceError."""
    source = from_environment(given, "a source", SourceError)
    if camera := _WEBCAM.fullmatch(source):
        return _webcam(int(camera["number"] or 0), say)
    scheme = scheme_of(source)
    if scheme is None:
        return _at_path(Path(source))
    if scheme not in _OPENERS:
        raise SourceError(f"{shown(source)}: expected a URL of {', '.join(_OPENERS)}, got {scheme}")
    check(source)
    return _OPENERS[scheme](source, say)


def _at_path(path: Path) -> Source:
    try:
        if path.is_dir():
            return PictureFolder(path)
        if path.is_file():
            return VideoFile(path)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from None
    raise SourceError(
        f"{path}: expected a video file, a folder of pictures, a URL ({', '.join(_OPENERS)}) or WEBCAM[:N], "
        "got a path where there is none"
    )


def _url(source: str, say: Say, options: dict[str, str]) -> Source:
    return LiveVideo(partial(open_video, source, options=options), shown(source), say)


def _webcam(number: int, say: Say) -> Source:
    device = Path(f"/dev/video{number}")
    if not device.exists():
        there = ", ".join(sorted(str(path) for path in device.parent.glob("video*"))) or "none"
        raise SourceError(f"WEBCAM:{number}: expected a camera at {device}, got nothing there (cameras here: {there})")
    return LiveVideo(partial(open_video, str(device), format="v4l2"), f"WEBCAM:{number}", say)


def _read_picture(path: Path) -> bytes | VideoFrame:
    """A complete JPEG's bytes, any other picture decoded. Raises JpegError."""
    try:
        if path.suffix.lower() in _JPEGS:
            data = path.read_bytes()
            return data if is_complete(data) else VideoFrame.from_ndarray(jpeg.decode(data), format="bgr24")
        with open_video(str(path.resolve())) as container:
            frame: VideoFrame = next(container.decode(video=0))
            return frame
    except (OSError, VideoError, StopIteration, JpegError, av.FFmpegError) as error:
        why = str(error) if isinstance(error, JpegError | VideoError) else "it cannot be read"
        raise JpegError(f"{path.name}: {why}") from None


def _by_number(path: Path) -> list[tuple[int, str]]:
    """Natural sort order: picture 9 before picture 10."""
    return [(int(word) if word.isdigit() else -1, word) for word in re.split(r"(\d+)", path.name)]


_OPENERS: dict[str, Callable[[str, Say], Source]] = {
    "rtsp": partial(_url, options=_RTSP),
    "rtsps": partial(_url, options=_RTSP),
    "rtmp": partial(_url, options=_LOW_DELAY),
    "rtmps": partial(_url, options=_LOW_DELAY),
    "http": partial(_url, options=_LOW_DELAY),
    "https": partial(_url, options=_LOW_DELAY),
}
