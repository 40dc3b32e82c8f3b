"""Pictures of every page for the README: `python -m tests.web.screenshots VIDEO [FOLDER]`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from streams.broker import EmbeddedBroker
from tests.processes import IMAGEBUS, PROJECT, Process
from tests.web.conftest import CHROMIUM_ARGS
from tests.web.viewing import Viewing, start_viewer

PAGES = {"identification": "/", "imageai": "/imageai", "redaction": "/redaction", "wall": "/wall"}
SIZES = {"": (1280, 800), "-phone": (390, 844)}
# The plots and the averages need some frames before there is anything to see in them.
SETTLE_MS = 8_000


def main(video: str, folder: Path) -> None:
    """Run the chain and take a picture of each page at each size."""
    folder.mkdir(parents=True, exist_ok=True)
    with EmbeddedBroker() as broker, start_viewer(broker.url) as viewing:
        env = {"KAFKA_URL": broker.url}
        produce = [*IMAGEBUS, "produce", video, "-f", "5", "-n", "street", "--realtime", "--loop"]
        with (
            Process([Path(sys.executable).parent / "faust", "-A", "streams", "worker", "-l", "warn"], env=env),
            Process(produce, env=env),
            sync_playwright() as playwright,
        ):
            path = shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
            for name, address in PAGES.items():
                for suffix, size in SIZES.items():
                    take(browser, viewing, address, size, folder / f"{name}{suffix}.png")
            browser.close()


def take(browser: Browser, viewing: Viewing, address: str, size: tuple[int, int], target: Path) -> None:
    """Wait until a page shows pictures, then keep a picture of it."""
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="dark")
    page.goto(viewing.url + address)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.pane')].filter(pane => !pane.dataset.id).length === 0"
        " && document.querySelector('.pane') !== null",
        timeout=60_000,
    )
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=target)
    page.close()
    print(target)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else PROJECT / "docs" / "screenshots")
