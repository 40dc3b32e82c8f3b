"""Reading video: every frame with its time, decoded only as far as needed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import av
from av import VideoFrame

from functions.core.jpeg import MAX_PIXELS, MAX_SCANS, JpegError
from streams.producer.encoder import START_OF_SCAN, is_complete

# Formats of text files that FFmpeg would render as video.
_NO_VIDEO = frozenset({"tty", "bin", "xbin", "adf", "idf"})
# A small stream may declare large pictures: they are refused before memory is allocated for them.
_LIMITS = {"max_pixels": str(MAX_PIXELS)}


class VideoError(Exception):
    """A video cannot be opened or read on; the text is the reason alone, without any address."""


class NoVideoError(VideoError):
    """The data is not a video."""


class Moment(NamedTuple):
    """One frame: `at_s` seconds after the source's first, and its picture, decoded lazily."""

    at_s: float
    picture: Callable[[], bytes | VideoFrame]


def open_video(
    place: str,
    silence_s: tuple[float, float] | None = None,
    options: dict[str, str] | None = None,
    **how: Any,
) -> Any:
    """Open a video file, URL or device; `silence_s` are time-outs of opening and reading. Raises VideoError."""
    began_at = time.monotonic()
    try:
        # The limits once for probing, and once for what is decoded then; a title may be in any encoding.
        container = av.open(
            place, timeout=silence_s, options=_LIMITS | (options or {}), metadata_errors="replace", **how
        )
        if why := _no_video(container):
            container.close()
            raise NoVideoError(f"expected a video, got {why}")
        container.streams.video[0].codec_context.options = _LIMITS
    except av.FFmpegError as error:
        raise _error(error, silence_s and silence_s[0], began_at) from None
    return container


def read(container: Any, silence_s: float | None = None) -> Iterator[Moment]:
    """All frames of its first video stream, in presentation order. Raises VideoError."""
    stream = container.streams.video[0]
    passes = stream.codec_context.name == "mjpeg"
    if not passes and silence_s is None:
        stream.thread_type = "AUTO"  # threads over frames hold some back: for files only
    clock = _Clock(stream)
    heard_at = time.monotonic()
    try:
        for packet in container.demux(stream):
            heard_at = time.monotonic()
            yield from _as_they_are(packet, clock) if passes else _decoded(packet, clock)
    except av.FFmpegError as error:
        raise _error(error, silence_s, heard_at) from None


def _no_video(container: Any) -> str | None:
    if not container.streams.video or container.format.name in _NO_VIDEO:
        return "data without a picture"
    return None if container.streams.video[0].codec_context else "one of a format that is not known"


def _error(error: av.FFmpegError, silence_s: float | None, heard_at: float) -> VideoError:
    """The error without the URL that PyAV adds, which may hold a password."""
    silent_s = time.monotonic() - heard_at
    if silence_s and silent_s >= silence_s:  # protocols report a time-out by various errors
        return VideoError(f"nothing came for {silent_s:.0f} s")
    if isinstance(error, av.error.InvalidDataError):
        return NoVideoError("expected a video, got data that is none")
    return VideoError(str(error.strerror))


def _as_they_are(packet: Any, clock: _Clock) -> Iterator[Moment]:
    if packet.size:
        yield Moment(clock.at_s(packet), partial(_jpeg_of, packet))


def _decoded(packet: Any, clock: _Clock) -> Iterator[Moment]:
    try:
        frames = packet.decode()
    except av.error.InvalidDataError:  # one damaged packet does not end a video
        return
    for frame in frames:
        yield Moment(clock.at_s(frame), partial(_itself, frame))


def _jpeg_of(packet: Any) -> bytes | VideoFrame:
    """A frame of motion JPEG: its bytes where they are a complete JPEG, else decoded. Raises JpegError."""
    data = bytes(packet)
    if is_complete(data):
        return data
    if (scans := data.count(START_OF_SCAN)) > MAX_SCANS:
        raise JpegError(f"Expected a JPEG of at most {MAX_SCANS} scans, got {scans}")
    try:
        frames: list[VideoFrame] = packet.decode()
    except av.FFmpegError:
        frames = []
    if not frames:
        raise JpegError(f"Expected a whole JPEG, got {len(data)} bytes that do not decode")
    return frames[0]


def _itself(frame: VideoFrame) -> VideoFrame:
    return frame


class _Clock:
    """Presentation times in seconds after the first; a frame without one follows the last by one frame's duration."""

    def __init__(self, stream: Any) -> None:
        self._step_s = 1 / float(stream.average_rate or 25)
        self._first_s: float | None = None
        self._last_s = -self._step_s

    def at_s(self, stamped: Any) -> float:
        if stamped.pts is None or stamped.time_base is None:
            self._last_s += self._step_s
            return self._last_s
        time_s = float(stamped.pts * stamped.time_base)
        if self._first_s is None:
            self._first_s = time_s
        self._last_s = max(time_s - self._first_s, 0.0)
        return self._last_s
