"""The addresses of what the bus still holds: frames and clips of a time, for each role what it may see."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from dataclasses import replace
from http.client import HTTPConnection, HTTPMessage
from typing import NamedTuple
from urllib.parse import urlencode

import aiohttp
import av
import cv2
import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from msgspec.structs import replace as replace_setting

from functions.core import jpeg
from functions.core.frame import Frame
from streams.chain import types as chains
from streams.settings import Settings
from streams.wire import records
from streams.wire.records import Record
from tests.bus import produce
from tests.wait import others_turn
from tests.web.auth.session import OPERATOR, PASSWORDS, VIEWER, log_in
from tests.web.frames_of_chain import ANNOTATED, REDACTED, SOURCE, Camera
from tests.web.viewing import JPEG_NOISE, Viewing, colour_of
from web.auth import credentials
from web.held.routes import LONGEST_S, LOOKING, LOOKS_WAITING
from web.held.turns import Turns
from web.viewer.app import build

SECOND_US = 1_000_000
PAIR = {"left": ANNOTATED, "right": REDACTED}


class Answer(NamedTuple):
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def sides(self) -> dict[str, tuple[int, np.ndarray]]:
        """Of a picture the number and the pixels of each side."""
        at = 4 + int.from_bytes(self.body[:4], "big")
        sides = {}
        for side in json.loads(self.body[4:at])["sides"]:
            sides[side["side"]] = side["frame"]["seq"], jpeg.decode(self.body[at : (at := at + side["bytes"])])
        return sides

    @property
    def seq(self) -> int | None:
        return self.sides["right"][0] if self.status == 200 else None


@pytest.fixture(scope="module")
def as_operator(viewing: Viewing) -> str:
    return log_in(viewing, OPERATOR)


@pytest.fixture(scope="module")
def as_viewer(viewing: Viewing) -> str:
    return log_in(viewing, VIEWER)


@pytest.fixture(scope="module")
def door(viewing: Viewing) -> list[Frame]:
    """Frames 0 to 5 of a camera, on every topic."""
    camera = Camera(viewing.broker, "door")
    return [camera.send(seq) for seq in range(6)]


def ask(viewing: Viewing, cookie: str, path: str, **asked: object) -> Answer:
    wire = HTTPConnection("127.0.0.1", viewing.port, timeout=60)
    wire.request("GET", f"{path}?{urlencode({'source': 'door', **asked})}", headers={"Cookie": cookie})
    answer = wire.getresponse()
    return Answer(answer.status, answer.headers, answer.read())


def frame_of(viewing: Viewing, cookie: str, at: int, **asked: object) -> Answer:
    return ask(viewing, cookie, "/held/frame", at=at, **{"right": REDACTED, **asked})


def clip_of(viewing: Viewing, cookie: str, frames: list[Frame], **asked: object) -> Answer:
    times = {"since": frames[0].captured_at, "until": frames[-1].captured_at}
    return ask(viewing, cookie, "/held/clip", **{"topic": REDACTED, **times, **asked})


def test_a_moment_leads_to_the_same_frame_of_both_topics(viewing: Viewing, door: list[Frame], as_operator: str) -> None:
    for seq, sent in enumerate(door):
        sides = frame_of(viewing, as_operator, sent.captured_at, **PAIR).sides
        assert {side: number for side, (number, _) in sides.items()} == {"left": seq, "right": seq}
        for _, image in sides.values():
            assert np.abs(image[220, 300, ::-1].astype(int) - colour_of(seq)).max() <= JPEG_NOISE
    at = door[2].captured_at
    assert frame_of(viewing, as_operator, at - 1).seq == 2
    assert frame_of(viewing, as_operator, at + 1).seq == 3
    assert frame_of(viewing, as_operator, at, before=1).seq == 1
    assert frame_of(viewing, as_operator, door[0].captured_at, before=1).status == 204
    assert frame_of(viewing, as_operator, door[-1].captured_at + 1).status == 204


def test_it_says_how_far_back_it_goes_and_gives_pictures_in_the_size_they_are_shown(
    viewing: Viewing, door: list[Frame], as_viewer: str
) -> None:
    assert json.loads(ask(viewing, as_viewer, "/held", topic=REDACTED).body) == {"since": door[0].captured_at}
    assert json.loads(ask(viewing, as_viewer, "/held", topic=REDACTED, source="x").body) == {"since": None}
    small = frame_of(viewing, as_viewer, door[1].captured_at, width=160).sides["right"][1]
    assert small.shape[:2] == (120, 160)


def test_a_clip_has_each_frame_at_its_time_and_says_of_what_it_is(
    viewing: Viewing, door: list[Frame], as_viewer: str
) -> None:
    answer = clip_of(viewing, as_viewer, door)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "video/mp4")
    assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="door-{REDACTED}-20')
    with av.open(io.BytesIO(answer.body)) as container:
        shown = [(round(each.time * SECOND_US), each.to_ndarray(format="bgr24")) for each in container.decode(video=0)]
    assert [at for at, _ in shown] == [each.captured_at - door[0].captured_at for each in door[:-1]]
    for seq, (_, image) in enumerate(shown):
        assert np.abs(image[220, 300, ::-1].astype(int) - colour_of(seq)).max() <= 2 * JPEG_NOISE


def test_a_viewer_gets_no_raw_frame_by_any_of_them(viewing: Viewing, door: list[Frame], as_viewer: str) -> None:
    at = door[1].captured_at
    for raw in (SOURCE, ANNOTATED, "IMAGEAI_FRAME"):
        assert ask(viewing, as_viewer, "/held", topic=raw).status == 404
        assert frame_of(viewing, as_viewer, at, right=raw).status == 404
        assert frame_of(viewing, as_viewer, at, left=raw).status == 404
        assert frame_of(viewing, as_viewer, at, left=REDACTED, right=raw).status == 404
        refused = clip_of(viewing, as_viewer, door, topic=raw)
        assert (refused.status, refused.body) == (404, f"Expected a topic of {REDACTED}, got {raw}\n".encode())
    for topic in ("CAMERAS", "ZONES", "DEAD_REDACT", "__consumer_offsets", ""):
        assert clip_of(viewing, as_viewer, door, topic=topic).status in (400, 404)
    assert frame_of(viewing, as_viewer, at).sides.keys() == {"right"}


@pytest.mark.parametrize("path", ["/held", "/held/frame", "/held/clip"])
def test_who_has_no_session_gets_nothing(path: str, viewing: Viewing) -> None:
    assert ask(viewing, "", path, topic=REDACTED, right=REDACTED, at=1, since=1, until=2).status == 401


def test_a_frame_that_no_redactor_has_seen_is_given_to_nobody_from_a_redacted_topic(
    viewing: Viewing, as_operator: str
) -> None:
    forger = Camera(viewing.broker, "forger")
    sent = [replace(forger.frame(seq), redaction=None) for seq in (1, 2)]
    for each in sent:
        produce(viewing.broker, REDACTED, "forger", records.encode(records.from_frame(each)))
    assert frame_of(viewing, as_operator, sent[0].captured_at, source="forger").status == 204
    assert frame_of(viewing, as_operator, sent[1].captured_at + 1, source="forger", before=1).status == 204
    assert clip_of(viewing, as_operator, sent, source="forger", until=sent[1].captured_at + 1).status == 404
    # The key says whose it is, too: a frame of another source is nobody's.
    own = forger.send(3, [REDACTED])
    produce(viewing.broker, REDACTED, "other", records.encode(records.from_frame(own)))
    assert frame_of(viewing, as_operator, own.captured_at, source="other").status == 204


def test_what_is_no_question_is_refused_and_a_long_clip_in_a_clear_sentence(
    viewing: Viewing, door: list[Frame], as_viewer: str
) -> None:
    at = door[0].captured_at
    for asked in ({"at": "now"}, {"at": -1}, {"at": 2**63}, {"width": 161}, {"source": ""}, {"before": "perhaps"}):
        assert frame_of(viewing, as_viewer, **{"at": at, **asked}).status == 400
    assert clip_of(viewing, as_viewer, door, since=at, until=at).status == 400
    long = clip_of(viewing, as_viewer, door, until=at + 300 * SECOND_US)
    assert (long.status, long.body) == (400, f"Expected a clip of at most {LONGEST_S} s, got 300 s\n".encode())


def test_a_clip_of_two_sizes_is_refused_and_says_where_it_can_be_cut(viewing: Viewing, as_viewer: str) -> None:
    camera = Camera(viewing.broker, "grows")
    first = camera.send(1, [REDACTED])
    large = cv2.resize(first.image, (640, 480))
    second = replace(first.with_image(large), id=f"{camera.run}-2", seq=2, captured_at=first.captured_at + SECOND_US)
    produce(viewing.broker, REDACTED, "grows", records.encode(records.from_frame(second)))
    refused = clip_of(viewing, as_viewer, [first, second], source="grows", until=second.captured_at + 1)
    assert refused.status == 422
    assert refused.body.startswith(b"Expected pictures of one size, got 320x240, and 640x480 from ")


async def test_more_at_once_than_there_may_be_are_refused_and_hold_up_nobody(
    viewing: Viewing, door: list[Frame], as_viewer: str
) -> None:
    asked = f"{viewing.url}/held/frame?{urlencode({'source': 'door', 'right': REDACTED, 'at': door[3].captured_at})}"

    async def look(session: aiohttp.ClientSession) -> int:
        async with session.get(asked) as answer:
            assert (answer.status == 429) == ("Retry-After" in answer.headers)
            return answer.status

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(headers={"Cookie": as_viewer}, connector=connector) as session:
        statuses = await asyncio.gather(*(look(session) for _ in range(6 * (LOOKING + LOOKS_WAITING))))
        assert set(statuses) == {200, 429}
        assert await look(session) == 200
    assert (await asyncio.to_thread(viewing.state))["bus"] == "ready"


async def test_who_logs_out_while_a_frame_is_looked_for_gets_none_and_without_a_bus_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nowhere = replace_setting(Settings(), kafka_url="127.0.0.1:1")
    viewer = build(nowhere, chains.load(), credentials.load(environ=PASSWORDS))
    viewer.folder.cleanup()
    viewer.site.add_to(pages := web.Application())
    looking, go_on = threading.Event(), threading.Event()

    def first(*_: object) -> Record:
        looking.set()
        assert go_on.wait(30)
        return records.from_frame(Camera("", "door").frame(1))

    async with TestClient(TestServer(pages)) as client:
        answer = await client.post("/login", data={"password": VIEWER}, allow_redirects=False)
        cookie = {"Cookie": f"imagebus={answer.cookies['imagebus'].value}"}
        asked = f"/held?{urlencode({'source': 'door', 'topic': REDACTED})}"
        away = await client.get(asked, headers=cookie)
        assert (away.status, await away.text()) == (503, "The bus does not answer: try again\n")
        monkeypatch.setattr("web.held.routes.HeldRoutes._first", first)
        asking = asyncio.create_task(client.get(asked, headers=cookie))
        assert await asyncio.to_thread(looking.wait, 30)
        await client.post("/logout", headers=cookie, allow_redirects=False)
        go_on.set()
        assert (await asking).status == 401


async def test_so_many_have_their_turn_at_once_so_many_wait_and_one_more_is_refused() -> None:
    turns, go_on = Turns(at_once=1, waiting=1), threading.Event()
    running = [asyncio.create_task(turns.run(go_on.wait)) for _ in range(2)]
    await others_turn()
    with pytest.raises(web.HTTPTooManyRequests) as refused:
        await turns.run(go_on.wait)
    assert refused.value.text == "Expected at most 2 at once who look back, got one more: try again\n"
    go_on.set()
    assert await asyncio.gather(*running) == [True, True]
    assert await turns.run(lambda: "again") == "again"
