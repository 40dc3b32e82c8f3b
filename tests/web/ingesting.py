"""A running `imagebus camera`, and what arrives from the browsers that send to it."""

from __future__ import annotations

import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, expect

from streams.wire import records
from streams.wire.records import Record
from tests.bus import consume
from tests.processes import IMAGEBUS, Process, free_port
from tests.wait import wait_until

# A browser that asks nobody before it gives away its camera, which is none.
FAKE_CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


def to_film(ffmpeg: str, clip: Path, target: Path) -> Path:
    """Four seconds of a clip as Chromium's fake camera takes them."""
    command = [ffmpeg, "-loglevel", "error", "-i", clip, "-t", "4", "-c:v", "mjpeg", "-q:v", "3", target]
    subprocess.run(command, check=True)
    return target


@dataclass
class Ingest:
    """A running `imagebus camera`."""

    process: Process
    url: str
    broker: str

    def ask(self, path: str, body: bytes | None = None, method: str = "GET", **headers: str) -> tuple[int, str]:
        """Status and text of one request; header names with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, body, named, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def offer(self, body: bytes = b"v=0\r\n", query: str = "", **headers: str) -> tuple[int, str]:
        """One WHIP offer."""
        return self.ask(f"/whip{query}", body, "POST", **{"Content_Type": "application/sdp"} | headers)


@contextmanager
def start_ingest(broker: str, *more: str, env: Mapping[str, str] | None = None) -> Iterator[Ingest]:
    """`imagebus camera` on a free port, once it answers."""
    port = free_port()
    command = [*IMAGEBUS, "camera", "--port", str(port), *more]
    with Process(command, env={"KAFKA_URL": broker, **(env or {})}) as process:
        ingest = Ingest(process, f"http://127.0.0.1:{port}", broker)
        wait_until(lambda: _answers(ingest), 20, "a camera page that answers")
        yield ingest


def _answers(ingest: Ingest) -> bool:
    try:
        return ingest.ask("/health")[0] == 200
    except OSError:
        return False


def start_camera(page: Page, name: str, interval_ms: int = 200) -> None:
    """Begin to send this browser's camera under a name."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Frame every").fill(str(interval_ms))
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#status")).to_have_text("sending")


def frames_of(broker: str, name: str, count: int) -> list[Record]:
    """The first frames of a source."""

    def enough(messages: list[object]) -> bool:
        return len(_of(messages, name)) >= count

    return _of(consume(broker, "SOURCE_FRAME", enough, timeout_s=30), name)


def _of(messages: list[object], name: str) -> list[Record]:
    mine = [message for message in messages if message.key() == name.encode()]  # type: ignore[attr-defined]
    return [records.decode(message.value()) for message in mine]  # type: ignore[attr-defined]
