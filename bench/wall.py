"""How busy a wall of 60 cameras at 5 frames/s keeps a browser's main thread: `python -m bench.wall VIDEO`."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import cv2
from playwright.sync_api import CDPSession, Page, sync_playwright

from functions.core.frame import Detection, Frame, Picture, Redaction
from streams.kafka.embedded_broker import EmbeddedBroker
from streams.wire import records
from tests.bus import Writer
from tests.web.conftest import CHROMIUM_ARGS
from tests.web.frames_of_chain import REDACTED, Camera
from tests.web.viewing import start_viewer

CAMERAS, FRAMES_PER_S, SECONDS = 60, 5, 20
SIZE_WH = (640, 480)


def main(video: str) -> None:
    """Print the share of the time that the page's main thread was busy, and the pictures drawn a second."""
    pictures = list(jpegs(video))
    with EmbeddedBroker() as broker, start_viewer(broker.url) as viewing, sync_playwright() as playwright:
        viewing.wait_until_ready()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.goto(f"{viewing.url}/wall")
        with Sending(broker.url, pictures):
            page.locator(".wall .pane[data-id]").nth(CAMERAS - 1).wait_for(timeout=60_000)
            busy, drawn = watched(page)
        wanted = CAMERAS * FRAMES_PER_S
        print(f"{CAMERAS} cameras: {drawn:.0f} of {wanted} pictures/s drawn, main thread {busy:.0%} busy")
        print(f"{busy / drawn * 1000:.2f} ms of the main thread a picture: {busy / drawn * wanted:.0%} for all of them")
        browser.close()


def watched(page: Page) -> tuple[float, float]:
    """The busy share of the main thread, and pictures drawn a second."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.evaluate(_COUNT)
    before, began = busy_s(session), time.monotonic()
    page.wait_for_timeout(SECONDS * 1000)
    over_s = time.monotonic() - began
    return (busy_s(session) - before) / over_s, page.evaluate("() => window.drawnPictures") / over_s


_COUNT = """() => {
    window.drawnPictures = 0;
    new MutationObserver((changes) => (window.drawnPictures += changes.length))
        .observe(document.querySelector(".wall"), { subtree: true, attributeFilter: ["data-id"] });
}"""


def busy_s(session: CDPSession) -> float:
    """Seconds of CPU that the main thread has used: how busy others keep this machine does not matter."""
    told = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in told if each["name"] == "TaskDuration"))


def jpegs(video: str) -> Iterator[Picture]:
    """Two seconds of a video, encoded once."""
    frames = cv2.VideoCapture(video)
    for _ in range(2 * FRAMES_PER_S):
        _, image = frames.read()
        yield Picture(jpeg=cv2.imencode(".jpg", cv2.resize(image, SIZE_WH))[1].tobytes())


class Sending(Writer):
    """All cameras, in a thread."""

    def __init__(self, url: str, pictures: list[Picture]) -> None:
        super().__init__(url)
        self._cameras = [Camera(url, f"camera {at:02}") for at in range(CAMERAS)]
        self._pictures = pictures

    def _write(self) -> None:
        for seq in count():
            due = time.monotonic() + 1 / FRAMES_PER_S
            for camera in self._cameras:
                frame = redacted(camera, seq, self._pictures[seq % len(self._pictures)])
                self._client.produce(REDACTED, records.encode(records.from_frame(frame)), camera.name)
            self._client.flush()
            if self._enough.wait(max(0.0, due - time.monotonic())):
                return


def redacted(camera: Camera, seq: int, picture: Picture) -> Frame:
    """A frame as a redactor leaves it, with five people in it."""
    people = tuple(Detection("person", 0.8, (at, 20, at + 40, 140), track=at, hidden=True) for at in range(5))
    done = Redaction(("person",), "black", 0.12)
    return replace(camera.frame(seq), picture=picture, detections=people, redaction=done)


if __name__ == "__main__":
    main(sys.argv[1])
