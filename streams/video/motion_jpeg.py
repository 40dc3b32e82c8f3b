"""Motion JPEG over HTTP, read as browsers and players do: pictures count, whatever is said between them.

Cameras leave out the type of a part or misspell it, leave out the first boundary or the length, count it wrong, end
lines by LF alone, and send sound in between. FFmpeg's reader of multipart wants all of it right.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import Any, Self

import av

from functions.core.jpeg import MAX_MARKERS, JpegError
from streams.video.decoding import LIMITS, Moment, Say, error_of
from streams.video.encoder import is_complete
from streams.video.key_frames import EVERY_FRAME, Decode
from streams.video.losses import Losses
from streams.video.shown import Shown, orientation_of

_START = re.compile(rb"\xff\xd8\xff[\xc0-\xc4\xdb\xdd\xe0-\xef\xfe\xff]")
_FILL, _START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = 0xFF, 0xD8, 0xD9, 0xDA
# What may follow a scan. Anything else is damage within it, which is left to the decoder.
_AFTER_SCAN = re.compile(rb"\xff[\xc4\xd8-\xdd\xe0-\xef\xfe]")
# A larger picture is none.
_MOST_BYTES = 32 * 1024 * 1024
# The beginning of an answer in which there is a picture, if it is motion JPEG: sound may come first.
_SURE, _LOOKED_AT = 16, 256 * 1024
_MULTIPART = re.compile(rb"\s*(--|content-|\xff\xd8\xff)", re.IGNORECASE)


class MotionJpeg:
    """An open HTTP camera that sends JPEGs, in the manner of a Video."""

    recorded = False
    has_others = False
    frames: int | None = None
    described = "motion JPEG"
    transport = ""
    codec = "mjpeg"

    def __init__(self, container: Any, chunks: Iterator[bytes]) -> None:
        self._container, self._chunks = container, chunks
        self._decoder: Any = av.CodecContext.create("mjpeg", "r")
        self._decoder.options = LIMITS
        self.losses = Losses()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._container.close()

    def moments(self, say: Say, silence_s: float | None = None, decode: Decode = EVERY_FRAME) -> Iterator[Moment]:
        """Every picture, as it comes. Raises VideoError."""
        began = heard_at = time.monotonic()
        try:
            for picture in jpegs(self._chunks):
                heard_at = time.monotonic()
                self.losses.packets += 1
                yield Moment(heard_at - began, partial(self._picture, picture))
        except av.FFmpegError as error:
            raise error_of(error, silence_s, heard_at) from None

    def _picture(self, data: bytes) -> bytes | Shown:
        if is_complete(data):
            return data
        try:
            (frame, *_) = self._decoder.decode(av.Packet(data))
        except (av.FFmpegError, ValueError):
            raise JpegError(f"Expected a whole JPEG, got {len(data)} bytes that do not decode") from None
        return Shown(frame, orientation_of(frame))


def open_motion_jpeg(url: str, silence_s: tuple[float, float], options: dict[str, str]) -> MotionJpeg | None:
    """The camera at this URL, None where it sends something else. Raises VideoError."""
    began_at = time.monotonic()
    try:
        container: Any = av.open(url, format="data", timeout=silence_s, options=options)
        chunks = (bytes(packet) for packet in container.demux() if packet.size)
        beginning = _beginning(chunks)
    except av.FFmpegError as error:
        raise error_of(error, silence_s[0], began_at) from None
    if not _START.search(beginning):
        container.close()
        return None
    return MotionJpeg(container, chain([beginning], chunks))


def jpegs(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Cut JPEGs out of bytes as they come, by their own markers; what stands between them is left out."""
    data = bytearray()

    def more() -> bool:
        chunk = next(chunks, b"")
        data.extend(chunk)
        return bool(chunk) and len(data) < _MOST_BYTES

    while True:
        start = _START.search(data)
        del data[: start.start() if start else max(len(data) - 3, 0)]
        if start is None:
            if not more():
                return
            continue
        end = _end(data, more)
        if end is None:
            return
        if end:
            yield bytes(data[:end])
        del data[: end or 2]


def _end(data: bytearray, more: Callable[[], bool]) -> int | None:
    """Where the JPEG at the beginning ends, 0 where it is none; None where no more bytes come."""
    at = 2
    for _ in range(MAX_MARKERS):
        while len(data) < at + 4 and bytes(data[at : at + 2]) != b"\xff\xd9":
            if not more():
                return None
        marker = data[at + 1]
        if data[at] != _FILL:
            return 0
        if marker in (_END_OF_IMAGE, _START_OF_IMAGE):  # the second where it has no end: the next one begins
            return at + 2 if marker == _END_OF_IMAGE else at
        at += 1 if marker == _FILL else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _START_OF_SCAN:
            while not (after := _AFTER_SCAN.search(data, at)):
                at = max(at, len(data) - 1)
                if not more():
                    return None
            at = after.start()
    return 0


def _beginning(chunks: Iterator[bytes]) -> bytes:
    """What is read until there is a picture, or none can be expected any more."""
    data = b""
    for chunk in chunks:
        data += chunk
        if _START.search(data) or len(data) > _LOOKED_AT or (len(data) > _SURE and not _MULTIPART.match(data)):
            break
    return data
