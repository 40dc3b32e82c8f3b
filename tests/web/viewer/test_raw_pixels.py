"""Who may see redacted pictures only gets no raw pixel by any address, command, parameter or error of the viewer."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import HTTPConnection
from itertools import count, product

import aiohttp
import numpy as np
import pytest
from aiohttp import web

from functions import Frame
from functions.core import jpeg
from functions.core.frame import Redaction
from streams.chain import types as chains
from streams.kafka.embedded_broker import EmbeddedBroker
from streams.settings import Settings
from streams.wire import records
from tests.bus import produce
from tests.web.auth.session import OPERATOR, PASSWORDS, VIEWER, log_in
from tests.web.viewing import Viewing, start_viewer
from web.auth import credentials
from web.viewer.app import build

CHAIN = chains.load()
TOPICS = CHAIN.topic_names
REDACTED = [topic for topic in TOPICS if CHAIN.redacted(topic)]
# Also what is near a topic's name, what a stage writes beside it, and what no topic can be called.
WORDS = (*TOPICS, *map(str.lower, TOPICS), "DEAD_REDACT", f"{REDACTED[0]},SOURCE_FRAME", "*", "..", "newest", "")
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
ENDINGS = (
    "",
    "?topic=SOURCE_FRAME&left=SOURCE_FRAME&right=SOURCE_FRAME&source=door&at=0&since=0&until=100000000",
    "/SOURCE_FRAME",
    ".jpg",
    "/%2e%2e/app.py",
)
# Magenta is raw, green is redacted: sure to be told apart, however small the picture was made.
RAW, SAFE = (255, 0, 255), (0, 255, 0)
_seq = count()


def send(viewing: Viewing) -> None:
    """The same frame on every topic, redacted where it must be."""
    seq = next(_seq)
    for topic in TOPICS:
        image = np.full((240, 320, 3), SAFE if topic in REDACTED else RAW, np.uint8)
        frame = replace(Frame.from_image(image, "door"), id=f"{'a' * 12}-{seq}", seq=seq, live=True)
        done = Redaction(("person",), "solid", 0.5) if topic in REDACTED else None
        produce(viewing.broker, topic, "door", records.encode(records.from_frame(replace(frame, redaction=done))))


def is_raw(picture: bytes) -> bool:
    """Whether a JPEG shows what only an operator may see."""
    return bool(jpeg.decode(picture)[..., 2].mean() > 128)


@pytest.fixture(scope="module")
def viewing() -> Iterator[Viewing]:
    """A viewer with both passwords, and a frame on every topic."""
    with EmbeddedBroker() as broker, start_viewer(broker.url, env=PASSWORDS) as viewing:
        viewing.wait_until_ready()
        send(viewing)
        yield viewing


def addresses() -> list[str]:
    """Every route that the viewer has, with every word in its places and every ending."""
    viewer = build(Settings(), CHAIN, credentials.load(environ=PASSWORDS))
    viewer.folder.cleanup()
    viewer.site.add_to(pages := web.Application())
    routes = {route.resource.canonical for route in pages.router.routes() if route.resource}
    named = {"/ws", "/pair/{left}/{right}", "/static/{version}/{file}", "/check/sample", "/zones/list", "/zones/save"}
    assert named <= routes
    assert {"/alerts/list", "/cameras/list", "/redaction/hour", "/redaction/sources", "/redaction.csv"} <= routes
    assert {"/held", "/held/frame", "/held/clip"} <= routes
    filled = [
        route.replace("{left}", left).replace("{right}", right).replace("{name}", left)
        for route in sorted(routes)
        for left, right in (product(WORDS, WORDS) if "{right}" in route else zip(WORDS, WORDS, strict=True))
    ]
    # What a browser is shown by the websocket might have an address, too.
    filled += [f"/{word}" for word in (*WORDS, "frame", "jpeg", "table", "router", "source/door", "newest/door")]
    return list(dict.fromkeys(path + ending for path in filled for ending in ENDINGS))


def test_no_address_answers_a_viewer_with_a_picture(viewing: Viewing) -> None:
    wire = HTTPConnection("127.0.0.1", viewing.port, timeout=10)
    cookie = log_in(viewing, VIEWER)
    asked = addresses()
    assert len(asked) > 500
    for path in asked:
        for method in METHODS if "/pair/" not in path else ("GET", "POST"):
            wire.request(method, path, headers={"Cookie": cookie})
            body = (answer := wire.getresponse()).read()
            assert b"\xff\xd8\xff" not in body, (method, path)
            assert base64.b64encode(b"\xff\xd8\xff") not in body, (method, path)
            assert b"ftyp" not in body, (method, path)
            assert not answer.headers.get("Content-Type", "").startswith(("image/jpeg", "multipart")), (method, path)
            assert answer.status < 500, (method, path)
            if method == "POST" and path.startswith("/logout"):
                cookie = log_in(viewing, VIEWER)


def test_of_frames_that_wait_for_an_operator_to_check_them_a_viewer_gets_none(viewing: Viewing) -> None:
    def sample(cookie: str) -> tuple[int, bytes]:
        wire = HTTPConnection("127.0.0.1", viewing.port, timeout=20)
        wire.request("GET", "/check/sample?source=door", headers={"Cookie": cookie})
        return (answer := wire.getresponse()).status, answer.read()

    as_operator, as_viewer = log_in(viewing, OPERATOR), log_in(viewing, VIEWER)
    with ThreadPoolExecutor(1) as asking:
        asked = asking.submit(sample, as_operator)
        while not asked.done():
            send(viewing)
            assert sample(as_viewer)[0] == 404
    status, message = asked.result()
    assert status == 200
    header = json.loads(message[4 : (at := 4 + int.from_bytes(message[:4], "big"))])
    raw_bytes = header["sides"][0]["bytes"]
    assert [is_raw(message[at : at + raw_bytes]), is_raw(message[at + raw_bytes :])] == [True, False]


async def pictures(viewing: Viewing, password: str) -> tuple[set[str], bool]:
    """Whatever the websocket gives whoever asks for everything: the topics, and whether something raw is in it."""
    cookie = await asyncio.to_thread(log_in, viewing, password)
    rights = [word for word in WORDS if word]
    asked = [{"right": right, "left": left} for right, left in product(rights, (None, *TOPICS))]
    asked += [{"right": right, "source": "door", "width": 160} for right in rights]
    topics: set[str] = set()
    raw = False
    async with aiohttp.ClientSession(headers={"Cookie": cookie}) as session:
        for first in range(0, len(asked), 32):
            async with session.ws_connect(f"{viewing.url}/ws") as socket:
                answered: set[str] = set()
                commands = {f"view-{n}": each for n, each in enumerate(asked[first : first + 32])}
                for view, command in commands.items():
                    await socket.send_str(json.dumps({"do": "watch", "view": view, **command}))
                while answered != commands.keys():
                    message = await socket.receive(10)
                    if message.type is aiohttp.WSMsgType.TEXT:
                        said = json.loads(message.data)
                        topics |= said.get("topics", {}).keys()
                        answered |= {said["view"]} if said["say"] == "refused" else set()
                        continue
                    header = json.loads(message.data[4 : (at := 4 + int.from_bytes(message.data[:4], "big"))])
                    for side in header["sides"]:
                        topics.add(side["frame"]["topic"])
                        raw |= is_raw(message.data[at : (at := at + side["bytes"])])
                    answered.add(header["view"])
    return topics, raw


async def test_no_command_gives_a_viewer_a_raw_picture_and_an_operator_gets_them_all(viewing: Viewing) -> None:
    assert await pictures(viewing, VIEWER) == (set(REDACTED), False)
    assert await pictures(viewing, OPERATOR) == (set(TOPICS), True)


async def test_a_session_that_has_its_pictures_is_sent_no_others_when_frames_come(viewing: Viewing) -> None:
    cookie = await asyncio.to_thread(log_in, viewing, VIEWER)
    async with (
        aiohttp.ClientSession(headers={"Cookie": cookie}) as session,
        session.ws_connect(f"{viewing.url}/ws") as socket,
    ):
        for view, right in enumerate(TOPICS):
            await socket.send_str(json.dumps({"do": "watch", "view": str(view), "right": right}))
        shown = 0
        while shown < 3:
            message = await socket.receive(10)
            if message.type is not aiohttp.WSMsgType.BINARY:
                continue
            at = 4 + int.from_bytes(message.data[:4], "big")
            header = json.loads(message.data[4:at])
            assert [side["frame"]["topic"] for side in header["sides"]] == REDACTED
            assert not is_raw(message.data[at:])
            shown += 1
            await socket.send_str(json.dumps({"do": "ack", "view": header["view"], "n": header["n"]}))
            await asyncio.to_thread(send, viewing)
