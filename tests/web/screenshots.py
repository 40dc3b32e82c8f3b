"""Pictures of every page, a few of them for the docs: `python -m tests.web.screenshots VIDEO`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from streams.kafka.embedded_broker import EmbeddedBroker
from tests.processes import IMAGEBUS, PROJECT, Process
from tests.wait import wait_until
from tests.web.conftest import CHROMIUM_ARGS
from tests.web.counting import HOUR_US, count, counted
from tests.web.ingesting import FAKE_CAMERA, start_camera, start_ingest, to_film
from tests.web.viewing import start_viewer

PAGES = {
    "identification": "/",
    "imageai": "/imageai",
    "redaction": "/redaction",
    "wall": "/wall",
    "counts": "/counts",
    "check": "/check",
}
KEPT = ("redaction.png", "redaction-phone.png")
SIZES = {"": (1280, 800), "-phone": (390, 844)}
# Two cameras, which show every so-manieth frame.
SOURCES = {"street": 5, "yard": 25}
FIRST = f"?source={next(iter(SOURCES))}"
# The plots and the averages need some frames before there is anything to see in them.
SETTLE_MS = 8_000
_SHOWN = """() => document.querySelector(".pane, .counted, video") !== null
    && [...document.querySelectorAll(".pane[data-topic]")].every(pane => pane.dataset.id || !pane.offsetParent)
    && document.querySelector(".check")?.dataset.sample !== '' """
_FOUND = "() => !document.querySelector('.details') || document.querySelector('.details tbody tr') !== null"


def main(video: str, folder: Path) -> None:
    """Run the chain and take a picture of each page at each size."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        EmbeddedBroker() as broker,
        start_viewer(broker.url) as viewing,
        chain(broker.url, video),
        chromium() as browser,
    ):
        wait_until(lambda: viewing.state().get("bus") == "ready", 60, "a viewer that reads")
        for name, address in PAGES.items():
            for suffix, size in SIZES.items():
                take(browser, viewing.url + address + FIRST, size, folder / f"{name}{suffix}.png", settled)
        take(browser, f"{viewing.url}/redaction{FIRST}", SIZES[""], folder / "redaction-light.png", settled, "light")
        with start_viewer(broker.url, env={"IMAGEBUS_OPERATOR_PASSWORD": "the operator's own"}) as guarded:
            wait_until(guarded.state, 60, "a viewer that answers")
            take(browser, guarded.url, SIZES[""], folder / "login.png", lambda page: None)
    with EmbeddedBroker() as broker, start_ingest(broker.url) as ingest, chromium(video) as browser:
        for suffix, size in SIZES.items():
            take(browser, ingest.url, size, folder / f"camera{suffix}.png", sending)
    for kept in KEPT:
        with_few_colours(folder / kept, PROJECT / "docs" / "screenshots" / kept)


def with_few_colours(picture: Path, target: Path) -> None:
    """The picture in 256 colours: a third of the bytes, and nothing on the page looks another."""
    ffmpeg = [str(shutil.which("ffmpeg")), "-loglevel", "error", "-y", "-i", str(picture)]
    few = "split[whole][seen];[seen]palettegen[few];[whole][few]paletteuse=dither=none"
    subprocess.run([*ffmpeg, "-vf", few, str(target)], check=True)


@contextmanager
def chain(url: str, video: str) -> Iterator[None]:
    """The whole chain, two cameras that play the video, and what they counted since yesterday."""
    now_us = time.time_ns() // 1000 // HOUR_US * HOUR_US
    for at in range(24):
        seen = [3 + (5 * at + 7 * place) % 23 for place in range(len(SOURCES))]
        starts_at = now_us - (23 - at) * HOUR_US
        each = [counted("hour", name, many, starts_at=starts_at) for name, many in zip(SOURCES, seen, strict=True)]
        count(url, *each, counted("hour", None, sum(seen), max(seen) + min(seen) // 2, starts_at=starts_at))
    env = {"KAFKA_URL": url}
    produce = [*IMAGEBUS, "produce", video, "--realtime", "--loop"]
    with ExitStack() as running:
        running.enter_context(Process(["faust", "-A", "streams", "worker", "-l", "warn"], env=env))
        for name, every in SOURCES.items():
            running.enter_context(Process([*produce, "-n", name, "-f", str(every)], env=env))
        yield


@contextmanager
def chromium(camera: str = "") -> Iterator[Browser]:
    """A browser, whose camera is a video where one is given."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        arguments = list(CHROMIUM_ARGS)
        if camera:
            film = to_film(str(shutil.which("ffmpeg")), Path(camera), Path(folder) / "film.mjpeg")
            arguments += [*FAKE_CAMERA, f"--use-file-for-fake-video-capture={film}"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        yield browser
        browser.close()


def sending(page: Page) -> None:
    """Send, and wait until something arrived."""
    start_camera(page, "telephone")
    expect(page.locator("#sent")).not_to_have_text("0")


def settled(page: Page) -> None:
    """Wait until a page shows all that it shows."""
    page.wait_for_function(_SHOWN, timeout=60_000)
    page.wait_for_timeout(SETTLE_MS)
    page.wait_for_function(_FOUND, timeout=60_000)


def take(
    browser: Browser,
    url: str,
    size: tuple[int, int],
    target: Path,
    ready: Callable[[Page], None],
    scheme: Literal["dark", "light"] = "dark",
) -> None:
    """Open a page, wait until it is ready, then keep a picture of it."""
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(url)
    ready(page)
    page.screenshot(path=target)
    page.close()
    print(target)


if __name__ == "__main__":
    main(sys.argv[1], PROJECT / "build" / "screenshots")
