"""Reading video: every frame with its time, decoded only as far as needed."""

from __future__ import annotations

import errno
import io
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

import av
import numpy as np
from av import VideoFrame

from functions.core.jpeg import MAX_PIXELS, MAX_SCANS, JpegError, encode
from functions.core.orientation import UPRIGHT
from streams.video.choice import StreamError, choose, described
from streams.video.encoder import START_OF_SCAN, has_two_fields, is_complete
from streams.video.key_frames import EVERY_FRAME, Decode, KeyFrames
from streams.video.losses import Losses, Promise, has_no_index
from streams.video.shown import Shown, orientation_of
from streams.video.timeline import Timeline
from streams.video.webp import orientation_in

# Formats of text files that FFmpeg would render as video.
_NO_VIDEO = frozenset({"tty", "bin", "xbin", "adf", "idf"})
# A small stream may declare large pictures: they are refused before memory is allocated for them.
LIMITS = {"max_pixels": str(MAX_PIXELS)}

Say = Callable[[str], None]


class VideoError(Exception):
    """A video cannot be opened or read on; the text is the reason alone, without any address."""


class NoVideoError(VideoError):
    """The data is not a video."""


class RefusedError(VideoError):
    """A camera does not speak as it was asked to."""


class Moment(NamedTuple):
    """One frame: `at_s` seconds after the source's first, and its picture, taken lazily while the source is open.

    `skipped`: it was not decoded, and has no picture. `pts` is its stamp as it is, in the stream's time base.
    """

    at_s: float
    picture: Callable[[], bytes | Shown]
    skipped: bool = False
    pts: int | None = None


class Video:
    """An open video, of this orientation where it does not say; `losses` are counted while it is read."""

    def __init__(self, container: Any, stream: Any, orientation: int = UPRIGHT) -> None:
        self._container, self._stream, self._orientation = container, stream, orientation
        self.losses = Losses()
        self._plain: bool | None = None
        self._keys = KeyFrames(EVERY_FRAME, print)
        self._key_at_s = 0.0
        self._counts = False  # from the first key frame on
        self.transport = ""
        self.described = described(container, stream)
        self.codec = str(stream.codec_context.name)
        self.has_others = len(container.streams.video) > 1
        self.frames: int | None = stream.frames or None
        # Over a network, too: only what is recorded has a length.
        self.recorded = container.duration is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._container.close()

    def moments(self, say: Say, silence_s: float | None = None, decode: Decode = EVERY_FRAME) -> Iterator[Moment]:
        """All frames, in presentation order; `silence_s` is the time-out of a live one. Raises VideoError."""
        stream = self._stream
        passes = stream.codec_context.name == "mjpeg"
        if not passes and silence_s is None:
            stream.thread_type = "AUTO"  # threads over frames hold some back: for files only
        timeline, promise = Timeline(stream, say), Promise(self._container, stream)
        self._keys = KeyFrames(decode, say)
        frames = self._as_they_are if passes else self._decoded
        heard_at = time.monotonic()
        try:
            for packet in self._container.demux(stream):
                heard_at = time.monotonic()
                self.losses.packets += packet.size > 0
                self.losses.cut += packet.is_corrupt
                yield from frames(packet, timeline)
        except av.error.InvalidDataError as error:
            if not self.losses.packets:
                raise error_of(error, silence_s, heard_at) from None
            self.losses.missing = f"damaged: it cannot be read on after {self.losses.packets} packets"
        except av.FFmpegError as error:
            raise error_of(error, silence_s, heard_at) from None
        else:
            self.losses.missing = promise.broken(self.losses.packets, timeline.furthest_s)

    def _as_they_are(self, packet: Any, timeline: Timeline) -> Iterator[Moment]:
        if packet.size:
            if self._plain is None:
                # Asked only of whole pictures: the decoder takes fields for such only as the first thing that it sees.
                self._plain = not has_two_fields(bytes(packet)) and self._is_plain()
            yield Moment(timeline.at_s(packet), partial(self._jpeg_of, packet), pts=packet.pts)

    def _decoded(self, packet: Any, timeline: Timeline) -> Iterator[Moment]:
        was_alone = self._keys.alone
        if packet.is_keyframe:
            self._keys.see(packet)
        if not self._keys.alone:
            yield from self._every_frame(packet, timeline)
            return
        if not was_alone:  # what the decoder still holds
            yield from self._every_frame(None, timeline)
            self._stream.codec_context.flush_buffers()
        if packet.is_keyframe:
            self._key_at_s = timeline.at_s(packet)
            yield Moment(self._key_at_s, partial(self._key_frame, packet))
        elif packet.size:
            yield Moment(self._key_at_s, partial(self._key_frame, packet), skipped=True)

    def _key_frame(self, packet: Any) -> Shown:
        """One frame alone, from a decoder that waits for no other. Raises JpegError."""
        context = self._stream.codec_context
        try:
            frames = [*packet.decode(), *context.decode(None)]
        except av.FFmpegError:
            frames = []
        context.flush_buffers()
        if not frames:
            self.losses.not_decoded += 1
            raise JpegError("Expected a key frame, got one that does not decode")
        return self._shown(frames[0])

    def _every_frame(self, packet: Any, timeline: Timeline) -> Iterator[Moment]:
        self._counts |= packet is not None and packet.is_keyframe
        self.losses.owed += self._counts and packet is not None and packet.size > 0
        try:
            frames = self._stream.codec_context.decode(packet)
        except av.FFmpegError:  # one damaged packet does not end a video
            self.losses.not_decoded += 1
            return
        for frame in frames:
            # Of two fields each may have a packet of its own.
            self.losses.owed -= 2 if frame.interlaced_frame else 1
            self.losses.damaged += frame.is_corrupt
            yield Moment(timeline.at_s(frame), partial(self._shown, frame), pts=frame.pts)

    def _is_plain(self) -> bool:
        """Whether its JPEGs may be shown as they are: a narrow one of this height comes out upright, as it was."""
        context = self._stream.codec_context
        try:
            frames = context.decode(av.Packet(encode(np.zeros((context.height or 16, 16, 3), np.uint8))))
        except av.FFmpegError:
            return False
        return self._aspect == 1 and all(orientation_of(frame) == UPRIGHT for frame in frames)

    def _jpeg_of(self, packet: Any) -> bytes | Shown:
        """A frame of motion JPEG: its bytes where they are a complete JPEG, else decoded. Raises JpegError."""
        data = bytes(packet)
        if self._plain and is_complete(data) and not has_two_fields(data):
            return data
        if (scans := data.count(START_OF_SCAN)) > MAX_SCANS:
            raise JpegError(f"Expected a JPEG of at most {MAX_SCANS} scans, got {scans}")
        try:
            frames: list[VideoFrame] = packet.decode()
        except av.FFmpegError:
            frames = []
        if not frames:
            raise JpegError(f"Expected a whole JPEG, got {len(data)} bytes that do not decode")
        return self._shown(frames[0])

    def _shown(self, frame: VideoFrame) -> Shown:
        return Shown(frame, orientation_of(frame, self._orientation), self._aspect)

    @property
    def _aspect(self) -> float:
        return float(self._stream.sample_aspect_ratio or 1)


def open_video(
    place: Any,
    silence_s: tuple[float, float] | None = None,
    options: dict[str, str] | None = None,
    number: int | None = None,
    **how: Any,
) -> Video:
    """Open a video file, URL or device; `silence_s` are time-outs of opening and reading. Raises VideoError.

    `number` is that of the stream to read, the best where it is None.
    """
    began_at = time.monotonic()
    try:
        # The limits once for probing, and once for what is decoded then; a title may be in any encoding.
        container = av.open(
            place, timeout=silence_s, options=LIMITS | (options or {}), metadata_errors="replace", **how
        )
        try:
            if container.format.name in _NO_VIDEO:
                raise StreamError("data without a picture")
            stream = choose(container, number)
        except StreamError as error:
            container.close()
            raise NoVideoError(f"expected a video, got {error}") from None
        stream.codec_context.options = LIMITS
    except av.FFmpegError as error:
        if isinstance(error, av.error.InvalidDataError) and has_no_index(place):
            raise NoVideoError("the recording was not finished, it has no index (moov)") from None
        raise error_of(error, silence_s and silence_s[0], began_at) from None
    return Video(container, stream, orientation_in(_data(place)) if container.format.name == "webp_pipe" else UPRIGHT)


def _data(place: Any) -> bytes:
    if isinstance(place, io.BytesIO):
        return place.getvalue()
    return Path(place).read_bytes() if Path(place).is_file() else b""


def error_of(error: av.FFmpegError, silence_s: float | None, heard_at: float) -> VideoError:
    """The error without the URL that PyAV adds, which may hold a password."""
    silent_s = time.monotonic() - heard_at
    if silence_s and silent_s >= silence_s:  # protocols report a time-out by various errors
        return VideoError(f"nothing came for {silent_s:.0f} s")
    # Refused by 461, and by any other code that says nothing of address or password.
    if isinstance(error, av.error.HTTPOtherClientError) or error.errno == errno.EPROTONOSUPPORT:
        return RefusedError(str(error.strerror))
    if isinstance(error, av.error.InvalidDataError):
        return NoVideoError("expected a video, got data that is none")
    return VideoError(str(error.strerror))
