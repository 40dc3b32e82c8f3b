"""Cameras for tests: real RTSP, RTMP and MJPEG servers on loopback, and one that says nothing."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, cycle
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np

from tests.missing import missing
from tests.processes import Process

RTSP_SERVER = Path(__file__).with_name("rtsp_server.py")
# The system's Python has GStreamer's bindings, a virtual environment's has not.
SYSTEM_PYTHON = Path("/usr/bin/python3")


@contextmanager
def mjpeg_camera(jpegs: Sequence[bytes], every_s: float = 0.05) -> Iterator[str]:
    """host:port of an HTTP camera that sends these JPEGs over and over."""

    play = partial(_play, partial(cycle, jpegs), lambda: time.sleep(every_s))
    with _http("multipart/x-mixed-replace; boundary=frame", play) as place:
        yield place


def _play(pictures: Callable[[], Iterator[bytes]], wait: Callable[[], object], wire: BinaryIO) -> None:
    for jpeg in pictures():
        part = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        wire.write(part.encode() + jpeg + b"\r\n")
        wait()  # a camera's own pace


@contextmanager
def controlled_mjpeg_camera(
    jpegs: Sequence[bytes],
    frozen: threading.Event,
    large: threading.Event,
    flooding: threading.Event | None = None,
    every_s: float = 0.1,
) -> Iterator[str]:
    """host:port of one whose picture stands still once `frozen` is set, and has 3840x2160 pixels once `large` is.

    While `flooding` is set it sends as many as are taken.
    """
    in_4k = [
        cv2.imencode(".jpg", cv2.resize(cv2.imdecode(np.frombuffer(jpeg, np.uint8), 1), (3840, 2160)))[1].tobytes()
        for jpeg in jpegs[:4]
    ]

    def pictures() -> Iterator[bytes]:
        for number in count():
            kind = in_4k if large.is_set() else jpegs
            yield kind[0] if frozen.is_set() else kind[number % len(kind)]

    def wait() -> None:
        if not (flooding and flooding.is_set()):
            time.sleep(every_s)

    with _http("multipart/x-mixed-replace; boundary=frame", partial(_play, pictures, wait)) as place:
        yield place


@contextmanager
def http_camera(content_type: str, parts: Iterable[bytes]) -> Iterator[str]:
    """host:port of an HTTP camera that sends just these bytes."""
    data = list(parts)
    with _http(content_type, lambda wire: [wire.write(part) for part in data]) as place:
        yield place


@contextmanager
def web_page(text: str) -> Iterator[str]:
    """host:port of a server with one page."""
    with _http("text/html", lambda wire: wire.write(text.encode())) as place:
        yield place


@contextmanager
def web_folder(folder: Path) -> Iterator[str]:
    """host:port of a server of a folder's files."""

    class Server(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

    with _serving(partial(Server, directory=str(folder))) as place:
        yield place


@contextmanager
def _http(content_type: str, answer: Callable[[BinaryIO], object]) -> Iterator[str]:
    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.end_headers()
            with suppress(OSError):  # the client has gone
                answer(self.wfile)

        def log_message(self, *_: object) -> None:
            return

    with _serving(Server) as place:
        yield place


@contextmanager
def _serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def silent_camera() -> Iterator[str]:
    """host:port of a peer that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def require_rtsp() -> None:
    """End this test as missing where GStreamer's RTSP server is not installed."""
    probe = "import gi; gi.require_version('GstRtspServer', '1.0')"
    if not SYSTEM_PYTHON.exists() or subprocess.run([SYSTEM_PYTHON, "-c", probe], check=False).returncode:
        missing(
            "GStreamer's RTSP server",
            "install it (Debian: apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 "
            "gstreamer1.0-plugins-{base,good,ugly} gstreamer1.0-libav)",
        )


def rtsp_camera(clip: Path, port: int, user: str = "", password: str = "", only: str = "") -> Process:
    """rtsp://127.0.0.1:port/cam, which plays the clip to all who come; `only` by udp, if so."""
    require_rtsp()
    camera = Process([SYSTEM_PYTHON, RTSP_SERVER, clip, str(port), user, password, only])
    camera.wait_for_line("ready")
    return camera


def rtmp_camera(program: Callable[[str, str], str], clip: Path, port: int) -> Process:
    """rtmp://127.0.0.1:port/live/cam, which plays the clip to the first who comes, and ends with him."""
    ffmpeg = program("ffmpeg", "install it (Debian: apt-get install ffmpeg)")
    play = ["-nostdin", "-loglevel", "verbose", "-re", "-stream_loop", "-1", "-i", clip]
    code = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10"]
    camera = Process([ffmpeg, *play, *code, "-f", "flv", "-listen", "1", f"rtmp://127.0.0.1:{port}/live/cam"])
    camera.wait_for_line("Opening an output file|Output #0|Input #0")
    return camera
