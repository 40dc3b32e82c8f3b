"""RTSP: by TCP, and by UDP where the camera refuses it; the state says which."""

from __future__ import annotations

import re
import signal
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from streams.producer.sources import open_source
from tests.processes import free_port
from tests.streams.cameras import rtsp_camera
from tests.streams.producing import TOPIC, frames, producer

SDP = "v=0\r\ns=cam\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n"


def test_a_camera_that_speaks_udp_only_is_read_by_udp(embedded: str, clip: Path) -> None:
    port = free_port()
    url = f"rtsp://127.0.0.1:{port}/cam"
    with rtsp_camera(clip, port, only="udp"), producer(embedded, url, "-f", 1) as process:
        assert len(frames(embedded, TOPIC, 5)) == 5
        process.wait_for_line("connected, h264 768x576, by UDP")
        assert process.terminate(signal.SIGINT) == 0


def test_a_camera_that_speaks_both_is_read_as_asked(embedded: str, clip: Path) -> None:
    port = free_port()
    url = f"rtsp://127.0.0.1:{port}/cam"
    with rtsp_camera(clip, port):
        for arguments, by in (([], "TCP"), (["--rtsp-transport", "udp"], "UDP")):
            with producer(embedded, url, "-f", 1, *arguments) as process:
                process.wait_for_line(f"connected, h264 768x576, by {by}")


@contextmanager
def _refusing(answer: str) -> Iterator[tuple[str, list[str]]]:
    """An RTSP camera's URL, which gives this answer to whatever transport is asked for; and what was asked for."""
    asked: list[str] = []

    class Camera(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while request := self.rfile.readline().decode():
                head = dict(line.split(": ", 1) for line in iter(partial(self._line), ""))
                status, body = ("200 OK", SDP if request.startswith("DESCRIBE") else "")
                if request.startswith("SETUP"):
                    asked.append(re.findall("TCP|unicast", head["Transport"])[0])
                    status = answer
                kind = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n" if body else ""
                self.wfile.write(f"RTSP/1.0 {status}\r\nCSeq: {head['CSeq']}\r\n{kind}\r\n{body}".encode())

        def _line(self) -> str:
            return self.rfile.readline().decode().strip()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Camera) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"rtsp://127.0.0.1:{server.server_address[1]}/cam", asked
        server.shutdown()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("461 Unsupported Transport", ["TCP", "unicast"]),
        ("406 Not Acceptable", ["TCP", "unicast"]),
        ("404 Not Found", ["TCP"]),
        ("453 Not Enough Bandwidth", ["TCP", "unicast"]),
    ],
)
def test_udp_is_asked_for_once_where_tcp_is_refused(answer: str, expected: list[str]) -> None:
    with _refusing(answer) as (url, asked):
        stop = threading.Event()
        assert list(open_source(url, lambda _: stop.set()).moments(stop)) == []
    assert asked == expected


def test_what_is_forced_is_not_replaced() -> None:
    with _refusing("461 Unsupported Transport") as (url, asked):
        stop = threading.Event()
        assert list(open_source(url, lambda _: stop.set(), transport="tcp").moments(stop)) == []
    assert asked == ["TCP"]
