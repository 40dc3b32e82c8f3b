"""A camera that answers RTSP as it likes: pictures come of it, or an error that names the camera."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from unittest import mock

import av
import numpy as np

import streams.producer.reconnecting
from functions.core.errors import UsageError
from functions.core.jpeg import QUALITY, JpegError
from streams.producer.sources import open_source
from streams.video.encoder import Encoder
from streams.wire.records import MAX_RECORD_BYTES
from tests.fuzz.record import VECTORS

MAX_BYTES = 8192
_SILENCE_S = (0.2, 0.2)
# Most answers leave both sides waiting for each other: the camera hangs up first.
_PATIENCE_S = 0.02
_FRAMES = 20
# Between one answer of the camera and the next.
_NEXT = b"\n--\n"


class _Camera:
    """Gives its answers one by one, whatever it is asked; then it hangs up."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtsp://127.0.0.1:{self._server.getsockname()[1]}/cam"
        self.answers: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            wire, _ = self._server.accept()
            with wire, suppress(OSError):
                wire.settimeout(_PATIENCE_S)
                self._talk(wire)

    def _talk(self, wire: socket.socket) -> None:
        for answer in self.answers:
            asked = b""
            while b"\r\n\r\n" not in asked:
                if not (came := wire.recv(4096)):
                    return
                asked += came
            wire.sendall(answer)


_camera = _Camera()
av.logging.set_level(av.logging.PANIC)


def one(data: bytes) -> None:
    """Connect to a camera that gives these answers, and take what pictures come."""
    _camera.answers = data.split(_NEXT)
    stop = threading.Event()
    refusal = ""
    encoder = Encoder(QUALITY, (1920, 1080), MAX_RECORD_BYTES, lambda text: None)
    with mock.patch.object(streams.producer.reconnecting, "SILENCE_S", _SILENCE_S):
        source = open_source(_camera.url, lambda text: stop.set())  # once connected or refused: not again
        try:
            for moment in islice(source.moments(stop), _FRAMES):
                with suppress(JpegError):
                    encoder.encode(moment.picture())
        except UsageError as error:
            refusal = str(error)
    assert not refusal or refusal.startswith(_camera.url), refusal


def seeds() -> Iterator[bytes]:
    """Whole conversations that end in pictures, and some that do not."""
    picture = _jpeg_packet((VECTORS / "picture.jpg").read_bytes())
    yield _conversation("JPEG/90000", 26, [picture])
    yield _conversation("H264/90000", 96, _h264_packets())
    yield _conversation("H264/90000", 96, [])
    yield _answer("", "") + _NEXT + b"RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm=x, nonce=y\r\n\r\n"
    yield b"HTTP/1.0 200 OK\r\n\r\n"


def _conversation(codec: str, kind: int, payloads: list[bytes]) -> bytes:
    """OPTIONS, DESCRIBE, SETUP and PLAY, then RTP packets within the same connection."""
    sdp = (
        f"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\na=range:npt=0-\r\n"
        f"m=video 0 RTP/AVP {kind}\r\na=rtpmap:{kind} {codec}\r\na=framerate:25\r\na=control:track1\r\n"
    )
    packets = b"".join(_interleaved(_rtp(kind, number, each)) for number, each in enumerate(payloads))
    return _NEXT.join(
        [
            _answer("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n", ""),
            _answer("Content-Type: application/sdp\r\n", sdp),
            _answer("Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1;timeout=60\r\n", ""),
            _answer("Session: 1\r\nRTP-Info: url=track1;seq=0;rtptime=0\r\n", "") + packets,
        ]
    )


def _answer(headers: str, body: str) -> bytes:
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"RTSP/1.0 200 OK\r\nCSeq: 1\r\n{headers}{length}\r\n{body}".encode()


def _interleaved(packet: bytes) -> bytes:
    return b"$\0" + struct.pack(">H", len(packet)) + packet


def _rtp(kind: int, number: int, payload: bytes) -> bytes:
    return struct.pack(">BBHII", 0x80, 0x80 | kind, number, 3600 * number, 7) + payload


def _jpeg_packet(jpeg: bytes) -> bytes:
    """RFC 2435: the scan with a header of eight bytes in place of the file's; quality 80, 64x48."""
    scan = jpeg[jpeg.index(b"\xff\xda") + 14 : -2]
    return bytes([0, 0, 0, 0, 1, 80, 64 // 8, 48 // 8]) + scan


def _h264_packets() -> list[bytes]:
    """RFC 6184: one NAL unit a packet."""
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt, codec.time_base = 64, 48, "yuv420p", Fraction(1, 25)
    codec.options = {"preset": "ultrafast", "tune": "zerolatency"}
    image = np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8)
    frames = [av.VideoFrame.from_ndarray(np.roll(image, shift, 1), "bgr24") for shift in range(3)]
    stream = b"".join(bytes(packet) for frame in (*frames, None) for packet in codec.encode(frame))
    return [unit.strip(b"\0") for unit in stream.split(b"\0\0\1") if unit.strip(b"\0")]
