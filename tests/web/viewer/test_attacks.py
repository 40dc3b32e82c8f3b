"""What strangers try: each is refused with its status, no answer says more than it must, and both servers live on."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPMessage
from statistics import median
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiortc import RTCPeerConnection
from msgspec import structs
from msgspec.structs import replace

from streams.chain import types as chains
from streams.kafka.embedded_broker import EmbeddedBroker
from streams.settings import Settings
from streams.wire import records
from tests.wait import others_turn, wait_until, wait_until_async
from tests.web.auth.session import OPERATOR, PASSWORDS, VIEWER, log_in
from tests.web.flood import flood
from tests.web.frames_of_chain import REDACTED, Camera
from tests.web.ingesting import Ingest, start_ingest
from tests.web.socket_client import connect
from tests.web.viewing import Viewing, start_viewer
from web.auth import credentials
from web.camera.whip import MAX_SESSIONS
from web.live.client import COMMANDS_AT_ONCE, COMMANDS_PER_S, MAX_VIEWS, Rate
from web.viewer.app import build

FORM = "application/x-www-form-urlencoded"
KEY = "the key of the cameras"
SECRETS = (KEY, OPERATOR, VIEWER)


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    with EmbeddedBroker() as broker:
        yield broker.url


@pytest.fixture(scope="module")
def viewing(broker: str) -> Iterator[Viewing]:
    """A viewer with both passwords; it must outlive all tests."""
    with start_viewer(broker, env=PASSWORDS) as viewing:
        viewing.wait_until_ready()
        yield viewing
        assert viewing.state()["bus"] == "ready"


@pytest.fixture(scope="module")
def ingest(broker: str) -> Iterator[Ingest]:
    """The same for the cameras' page."""
    with start_ingest(broker, env=PASSWORDS | {"IMAGEBUS_CAMERA_KEY": KEY}) as ingest:
        yield ingest
        assert ingest.ask("/health")[0] == 200


def raw(url: str, path: str, method: str = "GET", **headers: str) -> tuple[int, HTTPMessage, str]:
    """The answer to a path that is sent as it is written; header names with _ for -."""
    wire = HTTPConnection(urlsplit(url).netloc, timeout=10)
    wire.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = wire.getresponse()
    text = answer.read().decode(errors="replace")
    wire.close()
    assert answer.status < 500
    assert not any(secret in text for secret in (*SECRETS, "Traceback"))
    return answer.status, answer.headers, text


async def test_an_expired_cookie_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.auth.sessions.LIFE_S", -1.0)
    viewer = build(replace(Settings(), kafka_url="127.0.0.1:1"), chains.load(), credentials.load(environ=PASSWORDS))
    viewer.folder.cleanup()
    viewer.site.add_to(pages := web.Application())
    async with TestClient(TestServer(pages)) as client:
        answer = await client.post("/login", data={"password": OPERATOR}, allow_redirects=False)
        assert (answer.status, "imagebus" in answer.cookies) == (303, True)
        past = {"Cookie": f"imagebus={answer.cookies['imagebus'].value}"}
        assert (await client.get("/redaction", headers=past)).status == 401
        assert (await client.get("/ws", headers=past)).status == 401


@pytest.mark.parametrize("server", ["viewing", "ingest"])
@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/static//etc/passwd",
        "/static/..\\app.py",
        "/static/%00",
        "/static/" + "a" * 5000,
        "/pair/../../etc/passwd",
        "/whip/../static",
    ],
)
def test_no_path_leads_out_of_the_pages_own_files(server: str, path: str, request: pytest.FixtureRequest) -> None:
    at: Viewing | Ingest = request.getfixturevalue(server)
    cookie = log_in(at, OPERATOR) if isinstance(at, Viewing) else ""
    status, _, text = raw(at.url, path, Cookie=cookie)
    assert status in (400, 403, 404), (status, text)
    assert "import" not in text
    assert "root:" not in text


@pytest.mark.parametrize("path", ["/%0d%0aX-Evil:%201", "/pair/a%0d%0aX-Evil:%201/b", "/login?a=%0d%0aX-Evil:%201"])
def test_no_address_puts_a_header_into_the_viewers_answer(path: str, viewing: Viewing) -> None:
    status, headers, _ = raw(viewing.url, path, Accept="text/html")
    assert status in (200, 303)
    assert headers["X-Evil"] is None


@pytest.mark.parametrize(("asked", "refused"), [("name=door", 400), ("topic=SOURCE_FRAME", 403)])
def test_no_name_puts_a_header_into_the_cameras_answer_or_a_line_into_its_log(
    asked: str, refused: int, ingest: Ingest
) -> None:
    sdp = {"Authorization": f"Bearer {KEY}", "Content_Type": "application/sdp"}
    status, headers, _ = raw(ingest.url, f"/whip?{asked}%0d%0aX-Evil:%201", "POST", **sdp)
    assert status == refused
    assert headers["X-Evil"] is None
    assert not [line for line in ingest.process.lines if line.startswith("X-Evil")]


@pytest.mark.parametrize(
    "command",
    [
        {"do": "watch", "view": "a", "right": REDACTED},
        {"do": "watch", "view": "a", "left": REDACTED, "right": REDACTED, "width": 160},
        {"do": "watch", "view": "a", "right": "nonsense"},
        {"do": "drop", "view": "a"},
        {"do": "ack", "view": "a", "n": 1},
        {"do": "counts"},
    ],
)
async def test_a_flood_of_commands_from_one_browser_holds_up_nobody(
    command: dict[str, object], viewing: Viewing
) -> None:
    frame = records.from_frame(await asyncio.to_thread(Camera(viewing.broker, "door").send, 1, [REDACTED]))

    def another(number: int) -> tuple[str, bytes]:
        return str(number), records.encode(structs.replace(frame, source=f"camera {number}"))

    await asyncio.to_thread(flood, viewing.broker, REDACTED, another, records=200)
    cookie = await asyncio.to_thread(log_in, viewing, VIEWER)
    async with connect(viewing, headers={"Cookie": cookie}) as flooder, asyncio.timeout(60):
        sent = asyncio.Semaphore(0)

        async def send() -> None:
            with suppress(ConnectionError):
                while True:
                    await flooder.socket.send_str(json.dumps(command))
                    sent.release()
                    await others_turn()  # only the viewer is to be busy

        async def take() -> None:
            async for _ in flooder.socket:
                pass

        tasks = [asyncio.create_task(send()), asyncio.create_task(take())]
        took_s = []
        for _ in range(20):
            for _ in range(COMMANDS_AT_ONCE):  # each question comes behind more than are taken at once
                await sent.acquire()
            asked = time.monotonic()
            assert (await asyncio.to_thread(viewing.state))["bus"] == "ready"
            took_s.append(time.monotonic() - asked)
        assert median(took_s) < 1.0  # who is held up waits each time, a busy machine is slow now and then
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_flood_of_commands_is_taken_no_faster_than_a_page_gives_them(viewing: Viewing) -> None:
    cookie = await asyncio.to_thread(log_in, viewing, VIEWER)
    async with connect(viewing, headers={"Cookie": cookie}) as flooder:
        began = time.monotonic()
        for _ in range(2 * COMMANDS_AT_ONCE):
            await flooder.send(do="watch", view="a", right="nonsense")
        for _ in range(COMMANDS_AT_ONCE + COMMANDS_PER_S):
            await flooder.text("refused")
        assert time.monotonic() - began > 0.9  # the first go through at once, the others take a second


def test_a_rate_lets_some_through_at_once_and_then_so_many_a_second() -> None:
    rate = Rate(at_once=3, per_s=2)
    assert [rate.wait_s(100.0) for _ in range(6)] == [0.0, 0.0, 0.0, 0.0, 0.5, 1.0]
    assert [rate.wait_s(200.0) for _ in range(5)] == [0.0, 0.0, 0.0, 0.0, 0.5]


async def test_a_wall_that_comes_and_goes_at_once_is_obeyed_at_once(viewing: Viewing) -> None:
    camera = Camera(viewing.broker, "door")
    await asyncio.to_thread(camera.send, 1, [REDACTED])
    cookie = await asyncio.to_thread(log_in, viewing, VIEWER)
    async with connect(viewing, headers={"Cookie": cookie}) as client, asyncio.timeout(5):
        for do in ("watch", "drop", "watch"):
            for view in range(MAX_VIEWS):
                more = {"right": REDACTED, "source": "door"} if do == "watch" else {}
                await client.send(do=do, view=f"v{view}", **more)
        while (await client.picture()).view != f"v{MAX_VIEWS - 1}":
            pass


@pytest.mark.parametrize("server", ["viewing", "ingest"])
def test_what_is_no_http_is_refused(server: str, request: pytest.FixtureRequest) -> None:
    at: Viewing | Ingest = request.getfixturevalue(server)
    where = urlsplit(at.url)
    for garbage in (b"\x16\x03\x01" * 50, b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n", b"GET /" + b"a" * 200_000):
        with socket.create_connection((where.hostname, where.port), timeout=10) as wire:
            wire.sendall(garbage + b"\r\n\r\n")
            assert re.match(rb"HTTP/1\.[01] 400 ", wire.recv(99))


async def test_a_binary_message_and_one_of_a_megabyte_close_the_websocket(viewing: Viewing) -> None:
    cookie = await asyncio.to_thread(log_in, viewing, VIEWER)
    async with connect(viewing, headers={"Cookie": cookie}) as client:
        await client.socket.send_bytes(b"\x00\xff" * 100)
        assert await client.close_code() == 1008
    async with connect(viewing, headers={"Cookie": cookie}) as client:
        await client.socket.send_str(json.dumps({"do": "drop", "view": "a" * 1_000_000}))
        assert await client.close_code() == 1009


async def test_nobody_watches_more_views_than_a_page_can_have(viewing: Viewing) -> None:
    cookie = await asyncio.to_thread(log_in, viewing, VIEWER)
    async with connect(viewing, headers={"Cookie": cookie}) as client:
        for view in range(MAX_VIEWS + 1):
            await client.send(do="watch", view=str(view), right=REDACTED)
        refused = await client.text("refused")
    assert (refused["view"], refused["reason"]) == (str(MAX_VIEWS), f"Expected at most {MAX_VIEWS} views")


async def test_browsers_that_come_and_go_in_a_moment_leave_nothing_behind(viewing: Viewing) -> None:
    cookie = await asyncio.to_thread(log_in, viewing, VIEWER)

    async def come_and_go(session: aiohttp.ClientSession) -> None:
        socket = await session.ws_connect(f"{viewing.url}/ws", headers={"Cookie": cookie})
        await socket.send_str(json.dumps({"do": "watch", "view": "a", "right": REDACTED}))
        socket._response.close()  # without a word, as one does who pulls the plug

    async with aiohttp.ClientSession() as session:
        for _ in range(10):
            await asyncio.gather(*(come_and_go(session) for _ in range(20)))
    await wait_until_async(lambda: _watching(viewing, cookie) == 0, 15, "a viewer that nobody watches")


def _watching(viewing: Viewing, cookie: str) -> int:
    text = raw(viewing.url, "/metrics", Cookie=cookie)[2]
    return int(float(next(line.split()[1] for line in text.splitlines() if line.startswith("imagebus_viewer_clients"))))


@pytest.mark.parametrize(
    "path", ["/", "/redaction", "/ws", "/counts.csv", "/alerts/list", "/static/main.js", "/zones/save"]
)
def test_other_methods_do_nothing(path: str, viewing: Viewing) -> None:
    cookie = log_in(viewing, VIEWER)
    assert {raw(viewing.url, path, method, Cookie=cookie)[0] for method in ("PUT", "DELETE", "PATCH")} <= {404, 405}


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b'{"password": "x"}', 415),
        ("multipart/form-data; boundary=a", b"no boundary", 415),
        (FORM, b"\xff\xfe=%ff&password=%ff", 401),
        (f"{FORM}; charset=nonsense", b"password=x", 401),
        (FORM, b"password[]=x&password", 401),
    ],
)
def test_a_log_in_that_is_no_form_is_refused(kind: str, body: bytes, status: int, viewing: Viewing) -> None:
    wire = HTTPConnection("127.0.0.1", viewing.port, timeout=10)
    wire.request("POST", "/login", body, {"Content-Type": kind, "X-Forwarded-For": "192.0.2.9"})
    assert wire.getresponse().status == status
    wire.close()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/whip?name=door"), ("DELETE", "/whip/guessed")])
def test_another_sites_page_starts_and_stops_no_camera(method: str, path: str, origin: str, ingest: Ingest) -> None:
    headers = {"Origin": origin, "Authorization": f"Bearer {KEY}", "Content_Type": "application/sdp"}
    assert raw(ingest.url, path, method, **headers)[0] == 403


def test_without_a_key_a_foreign_name_for_this_host_starts_no_camera(broker: str) -> None:
    with start_ingest(broker) as open_to_this_host:
        for method, path in (("GET", "/"), ("POST", "/whip")):
            assert raw(open_to_this_host.url, path, method, Host="evil.example")[0] == 403


@pytest.mark.parametrize("key", ["", VIEWER, "Basic", f"{KEY} ", f"{KEY}x", "\xff" * 100])
def test_no_key_and_the_viewers_password_send_no_camera(key: str, ingest: Ingest) -> None:
    status, headers, _ = raw(ingest.url, "/whip", "POST", **({"Authorization": f"Bearer {key}"} if key else {}))
    assert status == (415 if key.strip() == KEY else 401)
    assert status == 415 or headers["WWW-Authenticate"] == "Bearer"


async def test_cameras_that_come_and_go_are_forgotten_and_more_than_there_may_be_refused(ingest: Ingest) -> None:
    peer = RTCPeerConnection()
    peer.addTransceiver("video", "sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    offer = peer.localDescription.sdp.encode()
    bearer = {"Authorization": f"Bearer {KEY}"}

    def begin(name: str) -> tuple[int, str]:
        headers = bearer | {"Content-Type": "application/sdp"}
        wire = HTTPConnection(urlsplit(ingest.url).netloc, timeout=20)
        wire.request("POST", f"/whip?name={name}", offer, headers)
        answer = wire.getresponse()
        answer.read()
        return answer.status, answer.headers.get("Location", "")

    def all_of_it() -> None:
        for _ in range(5):
            status, session = begin("door")
            assert (status, ingest.ask(session, method="DELETE")[0]) == (201, 200)
        with ThreadPoolExecutor(MAX_SESSIONS) as together:  # one after another, the first is given up before the last
            begun = list(together.map(begin, [f"camera-{n}" for n in range(MAX_SESSIONS)]))
        assert {status for status, _ in begun} == {201}
        assert begin("one-more")[0] == 503
        assert {ingest.ask(session, method="DELETE")[0] for _, session in begun} == {200}
        wait_until(lambda: "imagebus_cameras 0.0" in ingest.ask("/metrics")[1], 10, "no camera")

    await asyncio.to_thread(all_of_it)
    await peer.close()
