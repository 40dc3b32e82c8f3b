"""One connection to a recorder: H.264 by RTSP over TCP, or by RTMP."""

from __future__ import annotations

import os
import socket
from fractions import Fraction
from typing import Any

import av
import psutil
from av import VideoFrame
from av.video.stream import VideoStream

from functions.core.frame import Size
from streams.producer.urls import scheme_of

_FORMATS = {"rtsp": "rtsp", "rtsps": "rtsp", "rtmp": "flv", "rtmps": "flv"}
# Of each format, what FFmpeg calls it. An RTMP stream has no length that could be written at its end.
_OPTIONS = {"rtsp": {"rtsp_transport": "tcp"}, "flv": {"flvflags": "no_duration_filesize"}}
# BT.601, as JPEGs are; players would take BT.709 for a large picture.
_CODEC = {
    "preset": "ultrafast",
    "tune": "zerolatency",
    "crf": "23",
    "threads": "1",
    "colorspace": "smpte170m",
    "color_range": "tv",
}
_MOST_RATE = 1001
# What may wait for the recorder: bytes, which are a second or a few of video, and how long.
_WAITING_BYTES, _WAITING_MS = 128 * 1024, 10_000


class Publication:
    """A stream that is being sent, of frames of one size at one rate, with a key frame a second.

    Raises av.FFmpegError, whose `strerror` alone is fit to be shown: the rest holds the address. What FFmpeg waits for,
    it waits for ever; and while it connects or says goodbye no other thread of the process runs.
    """

    def __init__(self, url: str, size_wh: Size, fps: float) -> None:
        kind = _FORMATS[str(scheme_of(url))]
        self._container: Any = av.open(url, "w", format=kind, container_options=_OPTIONS[kind])
        self._stream = h264(self._container, size_wh, fps)
        self._container.start_encoding()
        _bound_what_waits()

    def send(self, frame: VideoFrame, number: int) -> None:
        """Send a frame as the one of this number, counted at the stream's rate; numbers may be left out."""
        frame.pts, frame.time_base = number, 1 / self._stream.codec_context.rate
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Tell the recorder that this is the end."""
        self._container.close()


def h264(container: Any, size_wh: Size, fps: float) -> VideoStream:
    """A stream of that size and rate in an open container, with a key frame a second."""
    stream = container.add_stream("libx264", Fraction(fps).limit_denominator(_MOST_RATE), options=_CODEC)
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = size_wh
    stream.pix_fmt = "yuv420p"
    stream.codec_context.gop_size = max(1, int(fps))
    return stream


def _bound_what_waits() -> None:
    """Of the only connection that this process has, to which FFmpeg gives no way: by itself it would hold megabytes."""
    for connection in psutil.Process().net_connections("tcp"):
        with socket.socket(fileno=os.dup(connection.fd)) as wire:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _WAITING_BYTES)
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _WAITING_MS)
