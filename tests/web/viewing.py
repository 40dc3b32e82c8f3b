"""A running viewer, and what a test sees of its pages."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from playwright.sync_api import Page

from tests.processes import IMAGEBUS, Process, free_port
from tests.wait import wait_until
from tests.web.frames_of_chain import Camera, colour_of

READY_S = 90.0
JPEG_NOISE = 12
WARM_UP = "warm-up"
# The line of status on a page whose viewer answers, whatever the cameras do.
CONNECTED = re.compile("no camera yet|live|silent")


@dataclass
class Viewing:
    """A viewer's process, where it listens, and the broker it reads."""

    process: Process
    port: int
    broker: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_until_ready(self) -> None:
        """Until it reads its topics: what was put there before is none of its business."""
        wait_until(lambda: self.state().get("bus") == "ready", READY_S, "a viewer that holds its topics")
        first, seqs = Camera(self.broker, WARM_UP), count()
        wait_until(lambda: first.send(next(seqs)) and self.state()["frames"] >= 6, READY_S, "a viewer that reads")

    def state(self) -> dict[str, Any]:
        """What it says of itself, nothing where it does not answer."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            return dict(json.load(error))
        except OSError:
            return {}


@contextmanager
def start_viewer(broker: str, *more: str, env: Mapping[str, str] | None = None) -> Iterator[Viewing]:
    """`imagebus viewer` on a free port."""
    port = free_port()
    command = [*IMAGEBUS, "viewer", "--port", str(port), *more]
    with Process(command, env={"KAFKA_URL": broker, **(env or {})}) as process:
        yield Viewing(process, port, broker)


def open_page(page: Page, viewing: Viewing, path: str = "/", source: str = "") -> None:
    """Open a page of the viewer and, if given, choose a source once it is offered."""
    page.goto(viewing.url + path)
    page.locator(".toolbar").first.wait_for(state="attached")  # before its script is there, no key does anything
    if source:
        page.locator(f"select[aria-label=Source] option[value={json.dumps(source)}]").wait_for(state="attached")
        page.get_by_label("Source", exact=True).select_option(source)


def wait_for_frame(page: Page, camera: Camera, seq: int, panes: int = 2) -> None:
    """Until every pane shows this frame."""
    page.wait_for_function(
        "([id, panes]) => document.querySelectorAll(`.pane[data-id='${id}']`).length === panes",
        arg=[f"{camera.run}-{seq}", panes],
        timeout=30_000,
    )


def pixel(page: Page, topic: str, x: int, y: int, layer: str = "canvas") -> list[int]:
    """Red, green, blue and alpha of one pixel of a topic's picture."""
    script = "(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data]"
    found: list[int] = page.locator(f".pane[data-topic='{topic}'] {layer}").first.evaluate(script, [x, y])
    return found


def shows(page: Page, topic: str, seq: int) -> bool:
    """Whether a topic's picture has the colour of that frame in its corner."""
    red, green, blue, _ = pixel(page, topic, 300, 220)
    return all(abs(a - b) <= JPEG_NOISE for a, b in zip((red, green, blue), colour_of(seq), strict=True))
