"""Where frames come from: a video file, a folder of pictures, a camera's URL, a camera of this host."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Event
from typing import Protocol

from streams.producer.reconnecting import SILENCE_S, LiveVideo
from streams.producer.recorded import PictureFolder, VideoFile
from streams.producer.urls import SourceError, check, scheme_of, shown
from streams.settings import from_environment
from streams.video.decoding import Moment, RefusedError, Say, Video, VideoError, open_video
from streams.video.key_frames import Decode
from streams.video.motion_jpeg import MotionJpeg, open_motion_jpeg

_WEBCAM = re.compile(r"WEBCAM(?::(?P<number>\d{1,3}))?")

# Low latency: start soon, buffer nothing. Not fflags=nobuffer: it drops what came while probing, which is often the
# only key frame for seconds.
_LOW_DELAY = {"flags": "low_delay", "analyzeduration": "500000", "probesize": "1000000"}
TRANSPORTS = ("tcp", "udp")


class Source(Protocol):
    """A source of frames: a `live` one is endless and sets its own pace; `total` is their number, where known.

    `connections` counts the connections of a live one. `losses` says what of a recorded one did not come, once it has
    ended. `decode` may be set before the first frame.
    """

    live: bool
    every: int
    total: int | None
    connections: int
    losses: str
    decode: Decode

    def moments(self, stop: Event) -> Iterator[Moment]:
        """All frames from the first; those of a live source until `stop` is set."""
        ...


def open_source(given: str, say: Say, stream: int | None = None, transport: str | None = None) -> Source:
    """The source of this name, with env:NAME read from the environment. Raises SourceError.

    Of several video streams the one of this number, else the best. RTSP comes by this transport, else by TCP where the
    camera does not refuse it.
    """
    source = from_environment(given, "a source", SourceError)
    if camera := _WEBCAM.fullmatch(source):
        return _webcam(int(camera["number"] or 0), say)
    scheme = scheme_of(source)
    if scheme is None:
        return _at_path(Path(source), say, stream)
    if scheme not in _SCHEMES:
        raise SourceError(f"{shown(source)}: expected a URL of {', '.join(_SCHEMES)}, got {scheme}")
    check(source)
    if scheme in _RTSP:
        return LiveVideo(partial(_open_rtsp, source, stream, transport), shown(source), say, transport or "tcp")
    return _OPENERS[scheme](source, say, stream)


def _at_path(path: Path, say: Say, stream: int | None) -> Source:
    try:
        if path.is_dir():
            return PictureFolder(path, say)
        if path.is_file():
            return VideoFile(str(path), partial(open_video, str(path.resolve()), number=stream), say)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from None
    raise SourceError(
        f"{path}: expected a video file, a folder of pictures, a URL ({', '.join(_SCHEMES)}) or WEBCAM[:N], "
        "got a path where there is none"
    )


def _rtmp(source: str, say: Say, stream: int | None) -> Source:
    return LiveVideo(partial(open_video, source, options=_LOW_DELAY, number=stream), shown(source), say, "rtmp")


def _open_rtsp(source: str, stream: int | None, only: str | None, silence_s: tuple[float, float]) -> Video:
    def by(transport: str) -> Video:
        video = open_video(source, silence_s, {**_LOW_DELAY, "rtsp_transport": transport}, stream)
        video.transport = transport
        video.described += f", by {transport.upper()}"
        return video

    try:
        return by(only or "tcp")
    except RefusedError:
        if only:
            raise
        return by("udp")


def _http(source: str, say: Say, stream: int | None) -> Source:
    """A camera, or a recording: a file, or a list of HLS that has ended."""
    connect = partial(_open_http, source, stream)
    first: Video | MotionJpeg | VideoError
    try:
        first = connect(SILENCE_S)
    except VideoError as error:
        first = error
    if isinstance(first, Video) and first.recorded:
        first.__exit__()
        return VideoFile(shown(source), partial(connect, SILENCE_S), say)
    firsts = [first]

    def connected(silence_s: tuple[float, float]) -> Video | MotionJpeg:
        attempt = firsts.pop() if firsts else connect(silence_s)
        if isinstance(attempt, VideoError):
            raise attempt
        return attempt

    return LiveVideo(connected, shown(source), say, str(scheme_of(source)))


def _open_http(source: str, stream: int | None, silence_s: tuple[float, float]) -> Video | MotionJpeg:
    motion_jpeg = open_motion_jpeg(source, silence_s, {})
    return motion_jpeg or open_video(source, silence_s, _LOW_DELAY, stream)


def _webcam(number: int, say: Say) -> Source:
    device = Path(f"/dev/video{number}")
    if not device.exists():
        there = ", ".join(sorted(str(path) for path in device.parent.glob("video*"))) or "none"
        raise SourceError(f"WEBCAM:{number}: expected a camera at {device}, got nothing there (cameras here: {there})")
    return LiveVideo(partial(open_video, str(device), format="v4l2"), f"WEBCAM:{number}", say, "v4l2")


_RTSP = frozenset({"rtsp", "rtsps"})
_OPENERS: dict[str, Callable[[str, Say, int | None], Source]] = {
    "rtmp": _rtmp,
    "rtmps": _rtmp,
    "http": _http,
    "https": _http,
}
_SCHEMES = (*sorted(_RTSP), *_OPENERS)
