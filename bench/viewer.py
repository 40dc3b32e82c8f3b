"""The viewer measured: what a browser draws at 25 frames/s, and a crowd of browsers, some of which do not read.

`python -m bench.viewer VIDEO`, two and a half minutes. redact looks ahead: a delay that it asks for, and none of the
bus's. So what is drawn is measured as it ships, and without.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from os import getloadavg
from pathlib import Path

import msgspec
from playwright.sync_api import Page, sync_playwright

from bench.crowd import Crowd, watch
from bench.latency import Spread
from bench.material import clip_from, pictures, record
from tests.bus import Writer, length
from tests.kafka_node import KafkaNode
from tests.streams.chains import wait_ready, worker
from tests.wait import wait_until
from tests.web.conftest import CHROMIUM_ARGS
from tests.web.viewing import Viewing, start_viewer

WARM_S, MEASURED_S = 5.0, 15.0
PASSWORDS = {"IMAGEBUS_OPERATOR_PASSWORD": "operator's own", "IMAGEBUS_VIEWER_PASSWORD": "viewer's own"}
CHAIN = """
[stages.motion]
function = "detect_motion"
input = "SOURCE_FRAME"
output = "MOTION_FRAME"

[stages.redact]
function = "redact"
input = "MOTION_FRAME"
output = "REDACTION_FRAME"
options = {{ labels = ["motion"]{more} }}

[topics.REDACTION_FRAME]
redacted = true
"""
SHIPPED, WITHOUT = "look_ahead_as_shipped", "look_ahead_s_0"
MORE = {SHIPPED: "", WITHOUT: ", look_ahead_s = 0"}
# What is wanted: frames drawn a second at least; milliseconds from capture to drawn, over the functions' own, at most.
ONE_PANE_FPS, SIDE_BY_SIDE_FPS, P50_MS, P99_MS = 20, 15, 150, 400
CROWD_FPS, CROWD_MB = 4, 60
# The last frames have passed the chain by then.
LAST_S = 10.0
_NOTE = "window.drawn = []; document.addEventListener('drawn', ({ detail }) => window.drawn.push(detail))"


@dataclass(frozen=True)
class Drawn:
    """Frames a second that a browser drew, and how long each took from its capture, over the functions' own time."""

    fps: float
    over_functions: Spread


class Cameras(Writer):
    """Live sources at a steady pace."""

    def __init__(self, url: str, jpegs: list[bytes], names: list[str], per_second: float) -> None:
        super().__init__(url)
        self._jpegs, self._names, self._per_second = jpegs, names, per_second

    def _write(self) -> None:
        began = time.monotonic()
        for seq in count():
            for name in self._names:
                jpeg = self._jpegs[seq % len(self._jpegs)]
                self._client.produce("SOURCE_FRAME", record(jpeg, seq, name, live=True), name)
            self._client.poll(0)
            if self._enough.wait(max(0.0, began + (seq + 1) / self._per_second - time.monotonic())):
                return


@contextmanager
def running(more: str, passwords: Mapping[str, str]) -> Iterator[tuple[str, Viewing]]:
    """A real Kafka, motion and redaction on it, and a viewer that reads; `more` options of redact."""
    with tempfile.TemporaryDirectory() as folder, KafkaNode() as node:
        chain = Path(folder) / "chain.toml"
        chain.write_text(CHAIN.format(more=more))
        env = {"KAFKA_URL": node.url, "IMAGEBUS_CHAIN": str(chain)}
        with worker(env) as stages, start_viewer(node.url, env=env | passwords) as viewing:
            wait_ready(stages, "motion", "redact")
            wait_until(lambda: viewing.state().get("bus") == "ready", 60, "a viewer that reads")
            yield node.url, viewing


def drawn(clip: Path, more: str) -> dict[str, Drawn]:
    """One source of 1280x720 at 25 frames/s, in a real browser."""
    jpegs = pictures(clip, (1280, 720), 100)
    with running(more, PASSWORDS) as (url, viewing), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
        with Cameras(url, jpegs, ["street"], 25):
            one = _measure(browser.new_page(), viewing, "IMAGEBUS_VIEWER_PASSWORD", "/redaction")
            both = _measure(browser.new_page(), viewing, "IMAGEBUS_OPERATOR_PASSWORD", "/redaction?width=640")
            return {"one_pane": one, "side_by_side_640": both}


def _measure(page: Page, viewing: Viewing, password: str, path: str) -> Drawn:
    page.add_init_script(_NOTE)
    page.goto(f"{viewing.url}/login")
    page.get_by_label("Password").fill(PASSWORDS[password])
    page.get_by_role("button", name="Log in").click()
    page.goto(viewing.url + path)
    page.locator(".pane[data-id]").first.wait_for(timeout=60_000)
    page.wait_for_timeout(WARM_S * 1000)
    page.evaluate("window.drawn.length = 0")
    page.wait_for_timeout(MEASURED_S * 1000)
    times: list[tuple[int, int]] = page.evaluate("window.drawn")
    page.close()
    over = Spread.of([delay_us - functions_us for delay_us, functions_us in times])
    return Drawn(round(len(times) / MEASURED_S, 1), over)


def crowd(clip: Path) -> tuple[Crowd, bool]:
    """50 browsers, 5 of which read nothing, on 4 sources of 640x360 at 5 frames/s; whether all passed the chain."""
    names = [f"camera-{at}" for at in range(4)]
    with running("", {}) as (url, viewing):
        with Cameras(url, pictures(clip, (640, 360), 50), names, 5):
            wait_until(lambda: viewing.state()["frames"] > 50, 30, "frames in the viewer")
            seen = asyncio.run(watch(viewing, names, readers=45, stalled=5))
        sent = length(url, "SOURCE_FRAME")
        with suppress(AssertionError):
            wait_until(lambda: length(url, "REDACTION_FRAME") == sent, LAST_S, "all frames through the chain")
        return seen, length(url, "REDACTION_FRAME") == sent


def main(clip: Path) -> None:
    """Measure all of it, and compare it with what is wanted."""
    together, passed = crowd(clip)
    shown = {name: drawn(clip, more) for name, more in MORE.items()}
    holds = {"crowd": passed and together.slowest_fps >= CROWD_FPS and together.grew_mb < CROWD_MB}
    for name, panes in shown.items():
        one, both = panes["one_pane"], panes["side_by_side_640"]
        holds[f"{name}_fps"] = one.fps >= ONE_PANE_FPS and both.fps >= SIDE_BY_SIDE_FPS
        holds[f"{name}_delay"] = one.over_functions.p50 <= P50_MS and one.over_functions.p99 <= P99_MS
    load = round(getloadavg()[0], 1)
    result = {"load": load, "crowd": together, "passed": passed, "drawn": shown, "holds": holds}
    print(msgspec.json.encode(result).decode())


if __name__ == "__main__":
    main(clip_from(sys.argv[1:]))
