"""`imagebus record` under `kill -9` every 20 s: what each kill costs, whether every file plays, whether bounds hold.

`make bench-recording [SECONDS=300] [VIDEO=file]`. Two cameras of five frames a second, 768x576, on a real Kafka.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

from bench.material import clip_from, pictures
from functions.core.frame import Picture
from streams.chain import types as chains
from streams.recording import folder
from streams.recording.folder import File
from streams.recording.numbers import Numbers, read
from streams.wire import records
from tests.bus import producer
from tests.kafka_node import KafkaNode
from tests.processes import IMAGEBUS, Process
from tests.streams.recording.recorded import TOPIC, Shooting, stamps
from tests.wait import wait_until

SECONDS = float(os.environ.get("SECONDS", "300"))
CAMERAS, FPS, KILL_S, SIZE_WH = ("yard", "gate"), 5, 20.0, (768, 576)
# The second part is recorded into a folder of half of what the first one took.
BOUND = 0.5


@dataclass
class Sending:
    """Sends live frames until stopped; when each was sent, by source."""

    url: str
    jpegs: list[bytes]
    stop: threading.Event = field(default_factory=threading.Event)
    sent: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in CAMERAS})

    def run(self) -> None:
        client = producer(self.url)
        cameras = [Shooting(name, size_wh=SIZE_WH) for name in CAMERAS]
        while not self.stop.wait(1 / FPS - time.time() % (1 / FPS)):
            at = time.time_ns() // 1000
            for camera in cameras:
                frame = replace(camera.frame(at), picture=Picture(jpeg=self.jpegs[camera.seq % len(self.jpegs)]))
                client.produce(TOPIC, records.encode(records.from_frame(frame)), camera.source)
                self.sent[camera.source].append(at)
            client.poll(0)
        client.flush()


def main() -> None:
    """Run it, and print what came of it; the last line is JSON."""
    jpegs = pictures(clip_from(sys.argv[1:]), SIZE_WH, 200)
    with tempfile.TemporaryDirectory() as temporary, KafkaNode() as broker:
        root = Path(temporary) / "recordings"
        sending = Sending(broker.url, jpegs)
        thread = threading.Thread(target=sending.run)
        thread.start()
        try:
            report = _killed(broker.url, root, sending)
            taken = _bytes(root)
            report |= _bounded(broker.url, root, int(taken * BOUND))
        finally:
            sending.stop.set()
            thread.join()
    print(json.dumps(report))


def _killed(url: str, root: Path, sending: Sending) -> dict[str, object]:
    """Kill the recorder again and again, let the last one end, and look at what is there."""
    lost_s: list[float] = []
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with _recorder(url, root, 100.0) as recorder:
            time.sleep(KILL_S)
            recorder.kill()
            at_us = time.time_ns() // 1000
            lost_s += [(at_us - _last(root, name)) / 1e6 for name in CAMERAS]
            print(f"killed: the newest frames on the disk were {', '.join(f'{s:.2f} s' for s in lost_s[-2:])} old")
    with _recorder(url, root, 100.0) as recorder:
        time.sleep(5)
        recorder.terminate()
    recorded = {name: [line.at for file in _files(root, name) for line in _frames(file)] for name in CAMERAS}
    missing = repeated = 0
    for name, times in recorded.items():
        wanted = [at for at in sending.sent[name] if times[0] <= at <= times[-1]]
        missing += len(set(wanted) - set(times))
        repeated += len(times) - len(set(times))
    files = [file for name in CAMERAS for file in _files(root, name)]
    report = {
        "kills": len(lost_s) // len(CAMERAS),
        "oldest_at_a_kill_s": round(max(lost_s), 2),
        "oldest_at_half_of_them_s": round(sorted(lost_s)[len(lost_s) // 2], 2),
        "frames": sum(map(len, recorded.values())),
        "missing": missing,
        "repeated": repeated,
        "files": len(files),
        "frames_in_files": sum(len(stamps(file.video)) for file in files),
        "not_played_by_ffprobe": sum(not _probes(file) for file in files),
        "not_played_by_chromium": _not_played(root, files),
        "bytes_a_frame": round(_bytes(root) / sum(map(len, recorded.values()))),
    }
    print(report)
    return report


def _bounded(url: str, root: Path, bound: int) -> dict[str, object]:
    """Record on within less than there is, and watch how much there is."""
    sizes = []
    with _recorder(url, root, bound / 1e9) as recorder:
        wait_until(lambda: _bytes(root) <= bound, 60, "a folder within its bound")
        until = time.monotonic() + max(10.0, SECONDS / 5)
        began_us, cpu_s = _last(root, CAMERAS[0]), _cpu_s(recorder)
        while time.monotonic() < until:
            sizes.append(_bytes(root))
            time.sleep(0.1)
        cpu_s = _cpu_s(recorder) - cpu_s
        frames = (_last(root, CAMERAS[0]) - began_us) / 1e6 * FPS * len(CAMERAS)
        recorder.terminate()
    report = {
        "bound": bound,
        "most": max(sizes),
        "over_the_bound_percent": round(100 * (max(sizes) / bound - 1), 2),
        "cpu_ms_a_frame": round(1000 * cpu_s / frames, 1),
    }
    print(report | {"least_percent_of_the_bound": round(100 * min(sizes) / bound, 1)})
    return report


@contextlib.contextmanager
def _recorder(url: str, root: Path, keep_gb: float) -> Iterator[Process]:
    chain = root.with_name("chain.toml")
    output = f'[outputs.disk]\nkind = "recording"\ndir = "{root}"\nkeep_gb = {keep_gb}\n'
    chain.write_text(f"{chains.DEFAULT.read_text()}\n{output}")
    with Process([*IMAGEBUS, "record"], {"KAFKA_URL": url, "IMAGEBUS_CHAIN": str(chain)}) as process:
        yield process


def _cpu_s(process: Process) -> float:
    return float(sum(psutil.Process(process.pid).cpu_times()[:2]))


def _files(root: Path, name: str) -> list[File]:
    return folder.files(root, name) if (root / name).is_dir() else []


def _frames(file: File) -> list[Numbers]:
    return [line for line in read(file.numbers) if isinstance(line, Numbers)]


def _last(root: Path, name: str) -> int:
    return max(line.at for file in _files(root, name)[-2:] for line in _frames(file))


def _bytes(root: Path) -> int:
    return sum(file.bytes for name in CAMERAS for file in _files(root, name))


def _probes(file: File) -> bool:
    asked = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", str(file.video)]
    told = subprocess.run(asked, capture_output=True, check=False)
    return not told.returncode and not told.stderr


def _not_played(root: Path, files: list[File]) -> int:
    """How many of the files Chromium does not show the last frame of."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *about: Quiet(*about, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    bad = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        for file in files:
            bad += not page.evaluate(_PLAYS, f"/{file.video.relative_to(root)}")
        browser.close()
    server.shutdown()
    return bad


_PLAYS = """address => new Promise(done => {
    const video = Object.assign(document.createElement("video"), { muted: true, src: address });
    video.onerror = () => done(false);
    video.onloadeddata = () => (video.currentTime = 1e6);
    video.onseeked = () => done(video.videoWidth > 0);
    setTimeout(() => done(false), 20000);
})"""


if __name__ == "__main__":
    main()
