"""A viewer on a broker of its own, and a browser that notes whatever goes wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from streams.kafka.embedded_broker import EmbeddedBroker
from tests.web.frames_of_chain import Camera
from tests.web.ingesting import FAKE_CAMERA, to_film
from tests.web.viewing import Viewing, start_viewer

# Machines that run tests are busy; nothing here is about how quick they are.
expect.set_options(timeout=20_000)
CHROMIUM_ARGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="module")
def viewing() -> Iterator[Viewing]:
    """A viewer that holds its topics, on a broker that the tests of one file share."""
    with EmbeddedBroker() as broker, start_viewer(broker.url) as viewing:
        viewing.wait_until_ready()
        yield viewing


@pytest.fixture
def camera(viewing: Viewing) -> Callable[[str], Camera]:
    """A source by name, on the viewer's broker."""
    return lambda name: Camera(viewing.broker, name)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    # Not for the whole session: while it is there its event loop runs, beside which no other test could start one.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def film(clip: Path, tmp_path_factory: pytest.TempPathFactory, program: Callable[[str, str], str]) -> Path:
    """Four seconds of the clip as Chromium's fake camera takes them."""
    target = tmp_path_factory.mktemp("film") / "street.mjpeg"
    ffmpeg = program("ffmpeg", "install it (Debian: apt-get install ffmpeg)")
    return to_film(ffmpeg, clip, target)


@pytest.fixture
def filming(chromium: str, film: Path) -> Iterator[Browser]:
    """A browser whose camera is the clip."""
    with sync_playwright() as playwright:
        arguments = [*CHROMIUM_ARGS, *FAKE_CAMERA, f"--use-file-for-fake-video-capture={film}"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def away() -> tuple[str, ...]:
    """What the browser itself logs of a call that finds no server, and no page can keep it from doing so."""
    return ("net::ERR_CONNECTION_", "net::ERR_SOCKET_NOT_CONNECTED")


@pytest.fixture
def page(browser: Browser, away: tuple[str, ...]) -> Iterator[Page]:
    """A browser's page. The test fails where it logged an error or asked another host for anything."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if _is_wrong(message, away) else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: wrong.append(request.url) if not _is_local(request.url) else None)
    yield page
    page.close()
    assert wrong == []


def _is_wrong(message: ConsoleMessage, away: tuple[str, ...]) -> bool:
    is_away = message.text.startswith("WebSocket connection to") or any(error in message.text for error in away)
    return message.type == "error" and not is_away


def _is_local(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", None)
