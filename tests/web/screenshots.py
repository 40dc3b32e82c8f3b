"""A tour of the pages in pictures, a few of them for the docs: `python -m tests.web.screenshots VIDEO`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.sync_api import Browser, Page, expect, sync_playwright

from streams.kafka.embedded_broker import EmbeddedBroker
from tests.processes import PROJECT
from tests.wait import wait_until
from tests.web.conftest import CHROMIUM_ARGS
from tests.web.ingesting import FAKE_CAMERA, start_camera, start_ingest, to_film
from tests.web.street_cameras import SOURCES, street_cameras, with_outputs
from tests.web.viewing import start_viewer

SIZES = {"large": (1920, 1080), "desk": (1280, 800), "phone": (390, 844)}


class Shot(NamedTuple):
    """A page at a size and in a theme; `query` stands behind its address."""

    page: str
    size: str
    scheme: Literal["dark", "light"]
    query: str = f"source={SOURCES[0]}"

    @property
    def name(self) -> str:
        return f"{self.page or 'identification'}-{self.size}-{self.scheme}.png"


# Those of longer memory last: by then there is something to remember.
SHOTS = (
    Shot("", "large", "dark", f"source={SOURCES[0]}&layout=slider"),
    Shot("imageai", "desk", "dark"),
    Shot("imageai", "phone", "light"),
    Shot("wall", "large", "dark", ""),
    Shot("wall", "phone", "light", ""),
    Shot("counts", "desk", "light", ""),
    Shot("counts", "phone", "dark", ""),
    Shot("check", "desk", "dark"),
    Shot("zones", "desk", "light"),
    Shot("zones", "phone", "dark"),
    Shot("cameras", "large", "light", ""),
    Shot("cameras", "phone", "dark", ""),
    Shot("redaction", "desk", "dark"),
    Shot("redaction", "large", "light", f"source={SOURCES[0]}&boxes=1"),
    Shot("redaction", "phone", "dark"),
    Shot("hour", "desk", "light", ""),
    Shot("alerts", "desk", "dark", ""),
    Shot("alerts", "phone", "light", ""),
    Shot("playback", "desk", "dark"),
    Shot("playback", "phone", "light"),
)
KEPT = {"redaction-desk-dark.png": "redaction.png", "redaction-phone-dark.png": "redaction-phone.png"}
# So that a picture of the docs stays below 200 kB; nobody sees the difference on a page of few colours.
COLOURS = 80
# The plots and the averages need some frames before there is anything to see in them.
SETTLE_MS = 8_000
_SHOWN = """() => document.querySelector(".pane, .counted, video, tbody tr, .strip") !== null
    && [...document.querySelectorAll(".pane[data-topic]")].every(pane => pane.dataset.id || !pane.offsetParent)
    && document.querySelector(".check")?.dataset.sample !== '' """
_FOUND = "() => !document.querySelector('.details') || document.querySelector('.details tbody tr') !== null"
# In shares of the picture: a window that is always covered.
CORNERS = ((0.42, 0.05), (0.8, 0.08), (0.8, 0.2), (0.42, 0.18))


def main(video: str, folder: Path) -> None:
    """Run the chain and take all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        EmbeddedBroker() as broker,
        with_outputs() as chain,
        start_viewer(broker.url, env=chain) as viewing,
        street_cameras(broker.url, video, chain),
        chromium() as browser,
    ):
        wait_until(lambda: viewing.state().get("bus") == "ready", 60, "a viewer that reads")
        for shot in SHOTS:
            ready = drawing if shot.page == "zones" else settled
            take(browser, f"{viewing.url}/{shot.page}?{shot.query}", shot, folder, ready)
        with start_viewer(broker.url, env={"IMAGEBUS_OPERATOR_PASSWORD": "the operator's own"}) as guarded:
            wait_until(guarded.state, 60, "a viewer that answers")
            take(browser, guarded.url, Shot("login", "phone", "dark"), folder, lambda page: None)
    with EmbeddedBroker() as broker, start_ingest(broker.url) as ingest, chromium(video) as browser:
        take(browser, ingest.url, Shot("camera", "phone", "light"), folder, sending)
    for taken, kept in KEPT.items():
        with_few_colours(folder / taken, PROJECT / "docs" / "screenshots" / kept)


def with_few_colours(picture: Path, target: Path) -> None:
    """The picture in a few colours: a fraction of the bytes."""
    ffmpeg = [str(shutil.which("ffmpeg")), "-loglevel", "error", "-y", "-i", str(picture)]
    few = f"split[whole][seen];[seen]palettegen=max_colors={COLOURS}[few];[whole][few]paletteuse=dither=none"
    subprocess.run([*ffmpeg, "-vf", few, str(target)], check=True)


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


def drawing(page: Page) -> None:
    """Draw a zone on the picture, which nobody saves."""
    page.locator(".zones[data-seq]").wait_for()
    canvas = page.locator(".zones .stage canvas").first
    box = canvas.bounding_box()
    assert box
    width, height = canvas.evaluate("canvas => [canvas.width, canvas.height]")
    scale = min(box["width"] / width, box["height"] / height)
    left, top = (box["width"] - width * scale) / 2, (box["height"] - height * scale) / 2
    for x, y in CORNERS:
        canvas.click(position={"x": left + x * width * scale, "y": top + y * height * scale})
    page.keyboard.press("c")
    page.get_by_label("Name of the zone").fill("window")


def take(browser: Browser, url: str, shot: Shot, folder: Path, ready: Callable[[Page], None]) -> None:
    """Open a page, wait until it is ready, then keep a picture of it."""
    width, height = SIZES[shot.size]
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=shot.scheme)
    page.goto(url)
    ready(page)
    page.screenshot(path=folder / shot.name)
    page.close()
    print(folder / shot.name)


if __name__ == "__main__":
    main(sys.argv[1], PROJECT / "build" / "screenshots")
