"""Recorders for tests, real ones on loopback that take a stream and show it, and somebody who watches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, NamedTuple, Self, TypeVar

import av
import numpy as np
from av import VideoFrame
from numpy.typing import NDArray

from tests.missing import missing
from tests.processes import Process
from tests.streams.cameras import SYSTEM_PYTHON, require_rtsp
from tests.wait import wait_until

RTSP_RECORDER = Path(__file__).with_name("rtsp_recorder.py")
_RTMP_MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
_NGINX = """load_module {module};
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 64; }}
rtmp {{ server {{ listen 127.0.0.1:{port}; application live {{ live on; }} }} }}
"""
T = TypeVar("T")


def rtsp_recorder(port: int, *names: str, user: str = "", password: str = "") -> Process:
    """GStreamer's: takes rtsp://127.0.0.1:port/NAME, by TCP, and shows it at /view/NAME."""
    require_rtsp()
    recorder = Process([SYSTEM_PYTHON, RTSP_RECORDER, str(port), user, password, *names])
    recorder.wait_for_line("ready")
    return recorder


@contextmanager
def rtmp_recorder(program: Callable[[str, str], str], folder: Path, port: int) -> Iterator[str]:
    """nginx with its RTMP module: the address below which it takes streams and shows them."""
    nginx = program("nginx", "install it (Debian: apt-get install nginx libnginx-mod-rtmp)")
    if not _RTMP_MODULE.exists():
        missing("nginx's RTMP module", "install it (Debian: apt-get install libnginx-mod-rtmp)")
    conf = folder / "nginx.conf"
    conf.write_text(_NGINX.format(module=_RTMP_MODULE, folder=folder, port=port))
    with Process([nginx, "-e", folder / "nginx.log", "-c", conf]):
        yield f"rtmp://127.0.0.1:{port}/live"


class Picture(NamedTuple):
    """A frame of a stream as somebody sees it: its time in the stream, its BGR pixels, whether it is a key frame."""

    at_s: float
    image: NDArray[np.uint8]
    key: bool

    @property
    def corner(self) -> tuple[int, ...]:
        """The colour near the lower right corner, in steps of 32: an encoder changes the rest."""
        return tuple(round(value / 32) * 32 for value in self.image[-24:-8, -24:-8].mean((0, 1)))


def picture(frame: VideoFrame) -> Picture:
    """A frame with its pixels."""
    return Picture(
        float(frame.time or 0), np.asarray(frame.to_ndarray(format="bgr24"), np.uint8), bool(frame.key_frame)
    )


class Watcher(Generic[T]):
    """Reads a stream with FFmpeg until the block ends, again where it ends; `see` makes `seen` of its frames."""

    def __init__(self, url: str, see: Callable[[VideoFrame], T]) -> None:
        self._url, self._see = url, see
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.seen: list[T] = []
        self.joined = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=15)

    def wait_for(self, what: str, wanted: Callable[[T], bool], timeout_s: float = 60) -> T:
        """The first of what is seen from now on that is wanted."""
        after = len(self.seen)
        return wait_until(lambda: next(filter(wanted, self.seen[after:]), None), timeout_s, what)  # type: ignore[return-value]

    def wait_for_more(self, count: int, timeout_s: float = 60) -> list[T]:
        """So many of what is seen from now on."""
        after = len(self.seen)
        wait_until(lambda: len(self.seen) >= after + count, timeout_s, f"{count} frames of the stream")
        return self.seen[after:]

    def _watch(self) -> None:
        options = {"rtsp_transport": "tcp", "flags": "low_delay", "probesize": "32768", "analyzeduration": "500000"}
        while not self._over.is_set():
            try:
                with av.open(self._url, options=options, timeout=(10.0, 10.0)) as container:
                    self.joined += 1
                    self._read(container)
            except av.FFmpegError:
                self._over.wait(0.2)

    def _read(self, container: Any) -> None:
        for frame in container.decode(video=0):
            self.seen.append(self._see(frame))
            if self._over.is_set():
                return
