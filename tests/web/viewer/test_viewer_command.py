"""The command `imagebus viewer`: what it refuses, how it waits for a broker, and how it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from streams.kafka.embedded_broker import EmbeddedBroker
from tests.commands import Command
from tests.kafka_node import KafkaNode
from tests.processes import IMAGEBUS, Process, free_port
from tests.wait import wait_until
from tests.web.frames_of_chain import Camera
from tests.web.viewing import CONNECTED, READY_S, open_page, start_viewer, wait_for_frame


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "example.org"])
def test_an_address_that_others_can_reach_is_refused(host: str, imagebus: Command) -> None:
    ended = imagebus("viewer", "--host", host)
    assert ended.code == 2
    assert (
        f"--host: expected a loopback address (127.0.0.1, ::1, localhost) since no password is set, got {host}"
        in ended.err
    )


@pytest.mark.parametrize("command", ["viewer", "camera"])
def test_a_port_that_is_taken_is_refused_and_what_names_another_is_said(command: str, imagebus: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = imagebus(command, "--port", port)
    assert ended.code == 2
    assert f"--port: expected a free port, got {port}, which is taken; name another" in ended.err
    assert f"with {command.upper()}_PORT where the Procfile starts it" in ended.err


def test_it_starts_without_what_only_the_camera_page_needs() -> None:
    loaded = "import sys, web.viewer.command; print({'aiortc', 'av', 'openvino'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", loaded], text=True) == "set()\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_asked_and_leaves_no_folder(number: signal.Signals, embedded: str, tmp_path: Path) -> None:
    with start_viewer(embedded, env={"TMPDIR": str(tmp_path)}) as viewing:
        viewing.wait_until_ready()
        assert list(tmp_path.glob("imagebus-viewer-*"))
        viewing.process.terminate(number, timeout_s=5)
    assert list(tmp_path.glob("imagebus*")) == []


def test_it_ends_at_once_while_it_waits_for_a_broker() -> None:
    with start_viewer(f"127.0.0.1:{free_port()}") as viewing:
        wait_until(viewing.state, READY_S, "a viewer that answers")
        viewing.process.terminate(signal.SIGINT, timeout_s=5)


def test_its_pages_carry_strict_headers_and_nothing_of_fausts_own(embedded: str) -> None:
    with start_viewer(embedded) as viewing:
        wait_until(viewing.state, READY_S, "a viewer that answers")
        with urllib.request.urlopen(viewing.url) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "Server" not in answer.headers
        for path in ("/table", "/router", "/graph", "/stats", "/static/", "/static/../app.py", "/static/%2e%2e/app.py"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(viewing.url + path)
            assert refused.value.code in (403, 404)


def test_a_page_says_that_the_broker_is_waited_for_then_lost_and_recovers(
    kafka_node: Callable[[], KafkaNode], page: Page
) -> None:
    node = kafka_node()
    node.stop()
    with start_viewer(node.url) as viewing:
        wait_until(viewing.state, READY_S, "a viewer that answers")
        viewing.process.wait_for_line(f"Broker {node.url} does not answer: waiting for it")
        open_page(page, viewing)
        expect(page.locator("#notice")).to_contain_text(f"Waiting for the broker at {node.url}")
        node.start()
        viewing.wait_until_ready()
        expect(page.locator("#notice")).to_be_hidden(timeout=10_000)
        door = Camera(node.url, "door")
        door.send(1)
        wait_for_frame(page, door, 1)

        node.stop()
        expect(page.locator("#notice")).to_contain_text("does not answer since")
        node.start()
        expect(page.locator("#notice")).to_be_hidden(timeout=20_000)
        seqs = iter(range(2, 1000))
        wait_until(lambda: door.send(next(seqs)) and _shown(page) > 1, 60, "pictures after the broker's return")


def test_a_page_whose_viewer_went_away_says_so_and_recovers(embedded: str, page: Page) -> None:
    with start_viewer(embedded) as viewing:
        viewing.wait_until_ready()
        open_page(page, viewing)
        expect(page.locator("#status")).to_have_text(CONNECTED)
        viewing.process.kill()
        expect(page.locator("#notice")).to_contain_text("The viewer does not answer: reconnecting")
        again = Process([*IMAGEBUS, "viewer", "--port", str(viewing.port)], env={"KAFKA_URL": embedded})
        with again:
            expect(page.locator("#status")).to_have_text(CONNECTED)
            expect(page.locator("#notice")).to_be_hidden()


def _shown(page: Page) -> int:
    shown: str | None = page.locator(".pane").first.get_attribute("data-id")
    return int((shown or "-0").rpartition("-")[2])


def test_it_ends_when_asked_although_its_broker_is_gone(tmp_path: Path) -> None:
    with ExitStack() as until_end:
        with EmbeddedBroker() as broker:
            viewing = until_end.enter_context(start_viewer(broker.url, env={"TMPDIR": str(tmp_path)}))
            viewing.wait_until_ready()
        wait_until(lambda: viewing.state()["bus"] == "lost", 20, "a viewer that has lost its broker")
        assert viewing.process.terminate(signal.SIGINT, timeout_s=6) == 0
    assert list(tmp_path.glob("imagebus*")) == []
