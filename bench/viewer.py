"""The viewer measured: what a browser draws at 25 frames/s, and a crowd of browsers, some of which do not read.

`python -m bench.viewer VIDEO`
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.crowd import watch
from bench.latency import Spread
from bench.material import clip_from, pictures, record
from streams.broker import EmbeddedBroker
from tests.bus import producer
from tests.kafka_node import KafkaNode
from tests.processes import Process
from tests.wait import wait_until
from tests.web.conftest import CHROMIUM_ARGS
from tests.web.viewing import Viewing, start_viewer

WARM_S, MEASURED_S = 8.0, 20.0
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
options = { labels = ["motion"] }

[topics.REDACTION_FRAME]
redacted = true
"""
_NOTE = "window.drawn = []; document.addEventListener('drawn', ({ detail }) => window.drawn.push(detail))"


@contextmanager
def cameras(url: str, jpegs: list[bytes], names: list[str], per_second: float) -> Iterator[None]:
    """Live sources at a steady pace."""
    stop = threading.Event()

    def send() -> None:
        client, began = producer(url), time.monotonic()
        for seq in count():
            for name in names:
                client.produce("SOURCE_FRAME", record(jpegs[seq % len(jpegs)], seq, name, live=True), name)
            client.poll(0)
            if stop.wait(max(0.0, began + (seq + 1) / per_second - time.monotonic())):
                break
        client.flush(5)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def drawn(clip: Path) -> dict[str, object]:
    """One source of 1280x720 at 25 frames/s through motion and redaction, in a real browser, on a real Kafka."""
    jpegs = pictures(clip, (1280, 720), 100)
    with tempfile.TemporaryDirectory() as folder, KafkaNode() as node:
        chain = Path(folder) / "chain.toml"
        chain.write_text(CHAIN)
        env = {"KAFKA_URL": node.url, "IMAGEBUS_CHAIN": str(chain)}
        faust = Path(sys.executable).parent / "faust"
        with (
            Process([faust, "-A", "streams", "worker", "-l", "error"], env=env),
            start_viewer(node.url, env=env | PASSWORDS) as viewing,
            sync_playwright() as playwright,
        ):
            wait_until(lambda: viewing.state().get("bus") == "ready", 60, "a viewer that reads")
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
            with cameras(node.url, jpegs, ["street"], 25):
                return {
                    "one_pane": _measure(browser.new_page(), viewing, "IMAGEBUS_VIEWER_PASSWORD", "/redaction"),
                    "side_by_side_640": _measure(
                        browser.new_page(), viewing, "IMAGEBUS_OPERATOR_PASSWORD", "/redaction?width=640"
                    ),
                }


def _measure(page: Page, viewing: Viewing, password: str, path: str) -> dict[str, object]:
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
    return {"fps": round(len(times) / MEASURED_S, 1), "over_functions_ms": {"p50": over.p50, "p99": over.p99}}


def crowd(clip: Path) -> dict[str, object]:
    """50 browsers on 4 sources of 640x360 at 5 frames/s; 5 of them do not read."""
    names = [f"camera-{at}" for at in range(4)]
    with EmbeddedBroker() as broker, start_viewer(broker.url) as viewing:
        viewing.wait_until_ready()
        with cameras(broker.url, pictures(clip, (640, 360), 50), names, 5):
            return asyncio.run(watch(viewing, names, readers=45, stalled=5))


if __name__ == "__main__":
    video = clip_from(sys.argv[1:])
    result = {"crowd": crowd(video), "drawn": drawn(video)}
    print(json.dumps(result))
