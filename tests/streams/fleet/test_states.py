"""What becomes of a camera is told, and the others do not feel it: gone, silent, frozen, in 4K."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

from tests.processes import free_port
from tests.streams.cameras import controlled_mjpeg_camera, rtsp_camera
from tests.streams.fleet.fleets import States, camera, fleet, pictures


def test_a_camera_that_goes_hangs_freezes_or_grows_is_told_and_the_others_go_on(
    embedded: str, clip: Path, tmp_path: Path
) -> None:
    states, ports = States(embedded), [free_port(), free_port()]
    freeze, large = threading.Event(), threading.Event()
    with (
        rtsp_camera(clip, ports[0]) as tcp,
        rtsp_camera(clip, ports[1]) as udp,
        controlled_mjpeg_camera(pictures(), freeze, large) as place,
    ):
        lines = [
            camera("tcp", f"rtsp://127.0.0.1:{ports[0]}/cam", fps=2),
            camera("udp", f"rtsp://127.0.0.1:{ports[1]}/cam", fps=2, transport="udp"),
            camera("mjpeg", f"http://{place}/", fps=4),
        ]
        with fleet(embedded, tmp_path, *lines):

            def become(name: str, state: str) -> None:
                states.wait(f"{name} to be {state}", lambda now: name in now and now[name].state == state)

            for name in ("tcp", "udp", "mjpeg"):
                become(name, "running")
            first = states.wait("sizes", lambda now: all(state.size_wh for state in now.values()))
            by = {name: (state.transport, state.codec) for name, state in first.items()}
            assert by == {"tcp": ("tcp", "h264"), "udp": ("udp", "h264"), "mjpeg": ("http", "mjpeg")}
            freeze.set()
            become("mjpeg", "frozen")
            freeze.clear()
            become("mjpeg", "running")
            large.set()
            states.wait("a size of 4K", lambda now: now["mjpeg"].size_wh == (3840, 2160))
            udp.send(signal.SIGSTOP)
            become("udp", "silent")
            tcp.kill()
            become("tcp", "lost")
            assert states.newest()["tcp"].last_error
            udp.send(signal.SIGCONT)
            become("udp", "running")
            assert {name: state.run for name, state in states.newest().items()} == {
                name: state.run for name, state in first.items()
            }
