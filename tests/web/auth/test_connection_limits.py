"""Connections that ask for nothing, or for ever: they end by themselves, and keep nobody else waiting."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from streams.kafka.embedded_broker import EmbeddedBroker
from tests.processes import IMAGEBUS, Process, free_port
from tests.wait import wait_until
from tests.web.auth.session import PASSWORDS
from tests.web.ingesting import start_ingest
from tests.web.viewing import start_viewer
from web.auth.connection_limits import MAX_OPEN_HERE, REQUEST_S

HALF_OPEN = 3000
KEY = {"IMAGEBUS_CAMERA_KEY": "the key of the cameras"}
BEGUN = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
HEALTH = BEGUN + b"\r\n"


@pytest.fixture(scope="module")
def viewer_port() -> Iterator[int]:
    with EmbeddedBroker() as broker, start_viewer(broker.url, env=PASSWORDS) as viewing:
        wait_until(viewing.state, 30, "a viewer that answers")
        yield viewing.port


@pytest.fixture(scope="module")
def camera_port() -> Iterator[int]:
    with start_ingest("127.0.0.1:1", env=KEY) as ingest:
        yield int(ingest.url.rpartition(":")[2])


@pytest.fixture(params=["viewer_port", "camera_port"])
def port(request: pytest.FixtureRequest) -> int:
    found: int = request.getfixturevalue(request.param)
    return found


def answered(port: int, within_s: float = 5.0) -> bytes:
    """The first line of the answer that a browser gets which has just come."""
    with socket.create_connection(("127.0.0.1", port), timeout=within_s) as wire:
        wire.sendall(HEALTH)
        return wire.recv(4096).partition(b"\r\n")[0]


def seconds_until_cut(wire: socket.socket, drop: bytes = b"") -> float:
    """How long the server leaves it open, while a byte is sent each second."""
    began = time.monotonic()
    wire.settimeout(1.0)
    while time.monotonic() - began < 3 * REQUEST_S:
        try:
            if not wire.recv(4096):
                break
        except TimeoutError:
            wire.sendall(drop)
        except ConnectionError:
            break
    return time.monotonic() - began


async def test_3000_half_open_connections_are_gone_after_the_deadline_and_a_browser_is_answered(port: int) -> None:
    async def half_open() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(BEGUN)
        return reader, writer

    began = time.monotonic()
    held = [await half_open() for _ in range(HALF_OPEN)]
    assert await asyncio.to_thread(answered, port) == b"HTTP/1.1 200 OK"
    assert sum(not reader.at_eof() and reader.exception() is None for reader, _ in held) <= MAX_OPEN_HERE
    async with asyncio.timeout(2 * REQUEST_S):
        await asyncio.gather(*(reader.read() for reader, _ in held), return_exceptions=True)
    assert time.monotonic() - began < 3 * REQUEST_S
    assert await asyncio.to_thread(answered, port) == b"HTTP/1.1 200 OK"
    for _, writer in held:
        writer.close()


# What is sent at once, and then each second.
SLOW = {
    "nothing": (b"", b""),
    "headers": (BEGUN, b"a"),
    "second-headers": (HEALTH + BEGUN, b"a"),
    "log-in": (
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\n",
        b"a",
    ),
    "offer": (
        b"POST /whip HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90\r\nContent-Type: application/sdp\r\n"
        b"Authorization: Bearer the key of the cameras\r\n\r\n",
        b"a",
    ),
}


@pytest.fixture(scope="module")
def cut_after(viewer_port: int, camera_port: int) -> dict[tuple[int, str], float]:
    """How long each slow request was let, by port and name: all at the same time, since each is a real deadline."""
    asked = [(port, name) for port in (viewer_port, camera_port) for name in SLOW]
    with ThreadPoolExecutor(len(asked)) as pool:
        return dict(zip(asked, pool.map(lambda each: _seconds_let(each[0], *SLOW[each[1]]), asked), strict=True))


def _seconds_let(port: int, begun: bytes, drop: bytes) -> float:
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.sendall(begun)
        return seconds_until_cut(wire, drop)


@pytest.mark.parametrize("name", SLOW)
def test_a_request_that_comes_by_and_by_is_cut_off(
    name: str, port: int, cut_after: dict[tuple[int, str], float]
) -> None:
    assert cut_after[port, name] < 2.5 * REQUEST_S


def test_a_connection_that_begins_no_tls_is_cut_off(tmp_path: Path) -> None:
    with Process([*IMAGEBUS, "certificate", "--out", tmp_path]) as making:
        assert making.wait() == 0
    port = free_port()
    tls = ["--tls-cert", tmp_path / "imagebus-cert.pem", "--tls-key", tmp_path / "imagebus-key.pem"]
    with Process([*IMAGEBUS, "camera", "--port", str(port), *tls], env={"KAFKA_URL": "127.0.0.1:1"}) as camera:
        camera.wait_for_line("https://127.0.0.1")
        wait_until(lambda: _speaks_tls(port), 20, "a page by https")
        with socket.create_connection(("127.0.0.1", port)) as silent:
            assert seconds_until_cut(silent) < 2 * REQUEST_S


def _speaks_tls(port: int) -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as wire, context.wrap_socket(wire):
            return True
    except OSError:
        return False


def test_an_address_has_no_more_connections_than_there_may_be(viewer_port: int) -> None:
    with ExitStack() as until_end:
        for _ in range(MAX_OPEN_HERE):
            wire = until_end.enter_context(socket.create_connection(("127.0.0.1", viewer_port), timeout=5))
            wire.sendall(b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert wire.recv(15) == b"HTTP/1.1 200 OK"
        assert not is_served(viewer_port)
    wait_until(lambda: is_served(viewer_port), 10, "room for another")


def is_served(port: int) -> bool:
    try:
        return bool(answered(port))
    except ConnectionError:
        return False
