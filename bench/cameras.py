"""Twelve cameras of all kinds in one chain file on a real Kafka, and what happens to one is nothing to the others.

`make bench-cameras [SECONDS=300]`. One is killed, one frozen, one turned to 4K, one removed, one added: how soon it is
told, how many frames a second the others give meanwhile, and what memory a further 1280x720 camera takes.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import psutil
from confluent_kafka import Consumer

from tests.kafka_node import KafkaNode
from tests.processes import Process, free_port
from tests.streams.cameras import RTSP_SERVER, SYSTEM_PYTHON, controlled_mjpeg_camera, web_folder
from tests.streams.fleet.fleets import States, camera, fleet, write

FPS, SIZE = 2, (1280, 720)
SECONDS = float(os.environ.get("SECONDS", "300"))
MEMORY_OF = 6


def main() -> None:
    """Run it, and print what came of it; the last line is JSON."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        clip = _clip(folder)
        url = stack.enter_context(KafkaNode()).url
        report = {"memory": _memory(url, folder, clip)} | Cameras(stack, url, folder, clip).run()
    print(json.dumps(report))


class Cameras:
    """The servers, the fleet that reads them, and a reader of what it sends."""

    def __init__(self, stack: contextlib.ExitStack, url: str, folder: Path, clip: Path) -> None:
        self._stack, self._url, self._folder, self._clip = stack, url, folder / "all", clip
        self._folder.mkdir()
        self.states = States(url)
        self.counts: Counter[str] = Counter()
        self._lines = self._servers()

    def run(self) -> dict[str, object]:
        """The timeline: what is done to whom, and what is measured of it."""
        process = self._stack.enter_context(fleet(self._url, self._folder, *self._lines.values()))
        threading.Thread(target=self._count, daemon=True).start()
        names = {*self._lines}
        self.states.wait("all running", lambda now: all(now.get(n) and now[n].state == "running" for n in names), 240)
        print(f"{len(names)} cameras run", flush=True)
        began, before = time.monotonic(), self.counts.copy()
        share = SECONDS / 6
        took = {}
        for what, act, name, right in self._events():
            time.sleep(max(0.0, share - 5))
            act()
            at = time.monotonic()
            self.states.wait(f"{name} {what}", right, 60)
            took[what] = round(time.monotonic() - at, 1)
            print(f"{name} is {what}: told after {took[what]} s", flush=True)
        time.sleep(share)
        over_s, pss = time.monotonic() - began, _pss(process.pid)
        untouched = sorted(names - {"rtsp-tcp-1", "mjpeg-1", "mjpeg-2", "file"})
        rates = {name: (self.counts[name] - before[name]) / over_s for name in untouched}
        for name, rate in rates.items():
            came = self.states.newest()[name].fps_in
            print(f"{name:12} {rate:.2f} frames/s of {_asked(name)} asked, {came:.1f} come from it", flush=True)
        print(f"memory of all: {pss:.0f} MB PSS", flush=True)
        process.terminate(signal.SIGINT, 30)
        worst = max(abs(rate / _asked(name) - 1) for name, rate in rates.items())
        return {"took_s": took, "worst": round(worst, 3), "rates": rates, "pss_mb": round(pss)}

    def _events(self) -> Iterator[tuple[str, Callable[[], object], str, Callable[..., bool]]]:
        yield "killed", self._victim.kill, "rtsp-tcp-1", lambda now: now["rtsp-tcp-1"].state == "lost"
        yield "frozen", self._freeze.set, "mjpeg-1", lambda now: now["mjpeg-1"].state == "frozen"
        yield "turned to 4K", self._large.set, "mjpeg-2", lambda now: now["mjpeg-2"].size_wh == (3840, 2160)
        lines = {name: line for name, line in self._lines.items() if name != "file"}
        yield "removed", lambda: write(self._folder, *lines.values()), "file", lambda now: "file" not in now
        lines = lines | {"added": camera("added", self._clip, fps=FPS)}
        running = "running"
        yield (
            "added",
            lambda: write(self._folder, *lines.values()),
            "added",
            lambda now: "added" in now and now["added"].state == running,
        )

    def _servers(self) -> dict[str, str]:
        lines = {}
        for number in (1, 2):
            port = free_port()
            server = self._process([SYSTEM_PYTHON, RTSP_SERVER, self._clip, str(port), "", "", "copy"], "ready")
            if number == 1:
                self._victim = server
            lines[f"rtsp-tcp-{number}"] = camera(
                f"rtsp-tcp-{number}", f"rtsp://127.0.0.1:{port}/cam", fps=FPS, transport="tcp"
            )
            if number == 2:
                for each in (1, 2):
                    name = f"rtsp-udp-{each}"
                    lines[name] = camera(name, f"rtsp://127.0.0.1:{port}/cam", fps=FPS, transport="udp")
            port = free_port()
            rtmp = f"rtmp://127.0.0.1:{port}/live/cam"
            self._ffmpeg("-f", "flv", "-listen", "1", rtmp)
            lines[f"rtmp-{number}"] = camera(f"rtmp-{number}", rtmp, fps=FPS)
            hls = self._folder / f"hls-{number}"
            hls.mkdir()
            self._ffmpeg("-f", "hls", "-hls_time", "1", "-hls_flags", "delete_segments", str(hls / "cam.m3u8"))
            place = self._stack.enter_context(web_folder(hls))
            lines[f"hls-{number}"] = camera(f"hls-{number}", f"http://{place}/cam.m3u8", fps=FPS)
            freeze, large = threading.Event(), threading.Event()
            self._freeze, self._large = (freeze, large) if number == 1 else (self._freeze, large)
            place = self._stack.enter_context(controlled_mjpeg_camera(_jpegs(), freeze, large))
            lines[f"mjpeg-{number}"] = camera(f"mjpeg-{number}", f"http://{place}/", fps=FPS)
        pictures = self._folder / "pictures"
        pictures.mkdir()
        for number, jpeg in enumerate(_jpegs()[:10]):
            (pictures / f"{number}.jpg").write_bytes(jpeg)
        lines["folder"] = camera("folder", pictures, every=1)
        lines["file"] = camera("file", self._clip, fps=FPS)
        return lines

    def _ffmpeg(self, *output: str) -> None:
        play = ["ffmpeg", "-nostdin", "-loglevel", "verbose", "-re", "-stream_loop", "-1", "-i", str(self._clip)]
        self._process([*play, "-c", "copy", *output], "Input #0")

    def _process(self, command: list[object], line: str) -> Process:
        process = self._stack.enter_context(Process([str(word) for word in command]))
        process.wait_for_line(line, 60)
        return process

    def _count(self) -> None:
        reader = Consumer({"bootstrap.servers": self._url, "group.id": "bench", "log_level": 0})
        reader.subscribe(["SOURCE_FRAME"])
        while True:
            for message in reader.consume(100, 0.5):
                if not message.error():
                    self.counts[(message.key() or b"").decode()] += 1


def _asked(name: str) -> int:
    """Frames a second: a folder has one picture a second."""
    return 1 if name == "folder" else FPS


def _memory(url: str, folder: Path, clip: Path) -> dict[str, float]:
    """PSS of the whole fleet with one camera and with six, in MB, and what each further one takes."""
    lines = [camera(f"memory-{number}", clip, fps=FPS) for number in range(MEMORY_OF)]
    states, found = States(url), {}
    with fleet(url, folder, lines[0]) as process:
        for number in (1, MEMORY_OF):
            write(folder, *lines[:number])
            names = [f"memory-{each}" for each in range(number)]
            states.wait("cameras", lambda now, names=names: all(n in now and now[n].fps_out > 0 for n in names), 120)
            time.sleep(20)
            found[number] = _pss(process.pid)
        process.terminate(signal.SIGINT, 30)
    more = (found[MEMORY_OF] - found[1]) / (MEMORY_OF - 1)
    print(f"memory: {found[1]:.0f} MB PSS with one 1280x720 camera, {more:.1f} MB for each further one", flush=True)
    return {"one_mb": round(found[1], 1), "each_further_mb": round(more, 1)}


def _pss(pid: int) -> float:
    parent = psutil.Process(pid)
    return sum(each.memory_full_info().pss for each in (parent, *parent.children(recursive=True))) / 2**20


def _clip(folder: Path) -> Path:
    """Minutes of H.264 at 1280x720, 10 frames a second, a key frame a second."""
    if not shutil.which("ffmpeg"):
        sys.exit("ffmpeg is needed (Debian: apt-get install ffmpeg)")
    short, long = folder / "short.mp4", folder / "long.mp4"
    source = ["-f", "lavfi", "-i", f"testsrc2=size={SIZE[0]}x{SIZE[1]}:rate=10:duration=20"]
    code = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-b:v", "1M", "-g", "10"]
    quiet = ["ffmpeg", "-nostdin", "-loglevel", "error"]
    subprocess.run([*quiet, *source, *code, "-pix_fmt", "yuv420p", short], check=True)
    subprocess.run([*quiet, "-stream_loop", "59", "-i", short, "-c", "copy", long], check=True)
    return long


def _jpegs() -> list[bytes]:
    noise = np.random.default_rng(0)
    pictures = [cv2.resize(noise.integers(0, 255, (18, 32, 3), np.uint8), SIZE) for _ in range(20)]
    return [cv2.imencode(".jpg", picture)[1].tobytes() for picture in pictures]


if __name__ == "__main__":
    main()
