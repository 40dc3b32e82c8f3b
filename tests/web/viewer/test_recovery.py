"""Broker, worker and viewer are killed while a page is open: it says so, and goes on by itself afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.kafka_node import KafkaNode, require
from tests.processes import IMAGEBUS, Process, free_port
from tests.streams.chains import environment, wait_ready, worker
from tests.streams.pages import get
from tests.wait import wait_until
from tests.web.viewing import Viewing

PASSWORD = "the operator's own"
# The pictures that are shown, where nothing on the page says that they stand still.
MOVES = """
    ([before]) => {
        const hidden = [...document.querySelectorAll("#notice, .pane .note")].every((each) => each.hidden);
        const panes = [...document.querySelectorAll(".pane")];
        const fresh = panes.length === 2 && panes.every((pane) => pane.dataset.id && pane.dataset.id !== before);
        return hidden && fresh && !document.querySelector(".stage.stale");
    }
"""


@dataclass
class Scene:
    """A camera, a worker and a viewer on a broker of their own."""

    node: KafkaNode
    env: dict[str, str]
    viewing: Viewing
    worker: Process
    stack: ExitStack

    def start_worker(self) -> None:
        self.worker = self.stack.enter_context(worker(self.env))

    def start_viewer(self) -> None:
        command = [*IMAGEBUS, "viewer", "--port", str(self.viewing.port)]
        env = {**self.env, "IMAGEBUS_OPERATOR_PASSWORD": PASSWORD}
        self.viewing.process = self.stack.enter_context(Process(command, env))

    @property
    def worker_url(self) -> str:
        return f"http://127.0.0.1:{self.env['IMAGEBUS_WEB_PORT']}/health"


@pytest.fixture(scope="module")
def scene(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """All of it under way."""
    require()
    with ExitStack() as stack:
        node = stack.enter_context(KafkaNode())
        env = environment(node.url, tmp_path_factory.mktemp("recovery"), partitions=2, web_port=free_port())
        started = stack.enter_context(worker(env))
        nobody = Process(["true"])
        scene = Scene(node, env, Viewing(nobody, free_port(), node.url), started, stack)
        scene.start_viewer()
        wait_ready(started)
        live = ["produce", clip, "-n", "gate", "-f", "2", "--realtime", "--loop"]
        stack.enter_context(Process([*IMAGEBUS, *map(str, live)], env))
        yield scene


@pytest.fixture(scope="module")
def away(away: tuple[str, ...]) -> tuple[str, ...]:
    """A server that is killed may be in the middle of an answer."""
    return (
        *away,
        "net::ERR_CONTENT_LENGTH_MISMATCH",
        "net::ERR_INCOMPLETE_CHUNKED_ENCODING",
        "net::ERR_EMPTY_RESPONSE",
    )


@pytest.fixture
def watched(scene: Scene, page: Page) -> Page:
    """A page on which pictures move."""
    wait_until(scene.viewing.state, 30, "a viewer that answers")
    page.goto(scene.viewing.url)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_function(MOVES, arg=[""], timeout=30_000)
    return page


def test_the_broker_is_killed(scene: Scene, watched: Page) -> None:
    scene.node.kill()
    expect(watched.locator("#notice")).to_contain_text(f"The broker at {scene.node.url} does not answer since")
    expect(watched.locator("#status")).to_contain_text("broker lost")
    expect(watched.locator(".stage.stale")).to_have_count(2)
    expect(watched.locator(".pane .note").first).to_contain_text("gate is silent for")
    scene.node.start()
    recovers(watched)


def test_the_worker_is_killed(scene: Scene, watched: Page) -> None:
    scene.worker.kill()
    left, right = watched.locator(".pane .note").all()
    expect(right).to_contain_text("gate is silent for")
    expect(left).to_contain_text("SOURCE_FRAME goes on, ANNOTATED_FRAME does not")
    expect(watched.locator(".stage.stale")).to_have_count(2)
    scene.start_worker()
    wait_until(lambda: answers(scene.worker_url), 30, "a worker that answers")
    recovers(watched)


def test_the_viewer_is_killed_and_nobody_has_to_log_in_again(scene: Scene, watched: Page) -> None:
    scene.viewing.process.kill()
    expect(watched.locator("#notice")).to_contain_text("The viewer does not answer: reconnecting")
    expect(watched.locator("#status")).to_contain_text("reconnecting")
    expect(watched.locator(".stage.stale")).to_have_count(2)
    scene.start_viewer()
    wait_until(scene.viewing.state, 30, "a viewer that answers")
    recovers(watched)


def answers(url: str) -> bool:
    try:
        return get(url)[0] > 0
    except OSError:
        return False


def recovers(page: Page) -> None:
    """Until all pictures are new ones and the page has nothing to say, by itself."""
    before = page.locator(".pane").first.get_attribute("data-id")
    page.wait_for_function(MOVES, arg=[before], timeout=60_000)
