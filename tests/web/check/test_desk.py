"""The desk gives frames to operators, forgets them in time, and gives nothing to anybody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from functions.core.frame import Detection
from streams.kafka.embedded_broker import EmbeddedBroker
from streams.wire.records import from_frame
from tests.wait import others_turn, wait_until_async
from tests.web.auth.session import OPERATOR, PASSWORDS, VIEWER, ask, log_in
from tests.web.frames_of_chain import REDACTED, SOURCE, Camera, _raw, _redacted
from tests.web.viewing import Viewing, start_viewer
from web.check import desk as desks
from web.check import sampler as samplers
from web.check.checks import Checks
from web.check.desk import Desk, Gone
from web.live.newest import NewestFrames

SOMEBODY = [Detection("person", 0.9, (20, 60, 60, 180))]
ADDRESSES = ("/check", "/check/sample?source=door", "/check/result?source=door", "/check/report?source=door")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk that draws every frame after the first, and holds each for half a second."""
    monkeypatch.setattr(samplers, "GAP_S", 1e-9)
    for module in (desks, samplers):
        monkeypatch.setattr(module, "HOLD_S", 0.5)
    monkeypatch.setattr(desks, "_LOOK_S", 0.02)
    return Desk(NewestFrames([SOURCE, REDACTED], 128), (SOURCE, REDACTED), Checks(tmp_path / "checks"))


def send(desk: Desk, source: str, seqs: range) -> None:
    """Frames with somebody in them, on both topics."""
    camera = Camera("", source, run="a" * 12)
    for seq in seqs:
        frame = camera.frame(seq).with_detections(SOMEBODY)
        desk._newest.put(SOURCE, from_frame(_raw(frame)))
        desk._newest.put(REDACTED, from_frame(_redacted(frame)))


async def shown(desk: Desk, source: str = "door", first: int = 0) -> str:
    """A sample that is shown, of three frames that come."""
    asking = asyncio.create_task(desk.sample(source, 5))
    await others_turn()
    send(desk, source, range(first, first + 3))
    sample = await asking
    assert sample
    desk.show(sample)
    return sample.id


async def test_a_sample_is_the_same_frame_raw_and_redacted(desk: Desk) -> None:
    asking = asyncio.create_task(desk.sample("door", 5))
    await others_turn()
    send(desk, "door", range(3))
    sample = await asking
    assert sample
    assert sample.pair.left
    assert sample.pair.right
    assert sample.pair.left.record.id == sample.pair.right.record.id
    assert (sample.pair.left.topic, sample.pair.right.topic) == (SOURCE, REDACTED)
    assert await desk.sample("yard", 0.05) is None


async def test_a_frame_is_marked_once(desk: Desk) -> None:
    sample_id = await shown(desk)
    with pytest.raises(IndexError):
        desk.mark(sample_id, [1], 0)
    assert desk.mark(sample_id, [0, 0], 1).random.exposed == 2
    with pytest.raises(Gone, match="marked yet"):
        desk.mark(sample_id, [], 0)


async def test_a_frame_that_nobody_marks_is_gone_in_time_and_counted(desk: Desk) -> None:
    desk.mark(await shown(desk), [], 0)
    sample_id = await shown(desk, first=3)
    await wait_until_async(lambda: _left(desk) == 1, 5, "a frame that is counted as left")
    with pytest.raises(Gone):
        desk.mark(sample_id, [], 0)


async def test_when_nobody_asks_any_more_no_frame_and_no_pairing_is_held(desk: Desk) -> None:
    await shown(desk)
    assert desk._newest._pairings
    await wait_until_async(lambda: not desk._newest._pairings, 5, "a desk at rest")
    assert (len(desk._samplers), len(desk._shown)) == (0, 0)
    assert await shown(desk, first=6)


async def test_few_cameras_are_checked_at_once(desk: Desk) -> None:
    for at in range(6):
        await desk.sample(f"camera {at}", 0)
    assert [*desk._samplers] == [f"camera {at}" for at in range(2, 6)]
    asking = asyncio.create_task(desk.sample("camera 5", 60))
    await others_turn()
    desk.close()
    assert await asking is None
    assert (len(desk._samplers), desk._newest._pairings) == (0, {})


def _left(desk: Desk) -> int:
    check = desk.checks.last("door")
    return check.left if check else 0


@pytest.fixture(scope="module")
def viewing() -> Iterator[Viewing]:
    """A viewer with both passwords."""
    with EmbeddedBroker() as broker, start_viewer(broker.url, env=PASSWORDS) as viewing:
        viewing.wait_until_ready()
        yield viewing


@pytest.fixture(scope="module")
def operator(viewing: Viewing) -> str:
    return log_in(viewing, OPERATOR)


@pytest.fixture
def call(viewing: Viewing, operator: str) -> Callable[..., tuple[int, bytes]]:
    """Status and body of an operator's request."""

    def call(method: str, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
        wire = HTTPConnection("127.0.0.1", viewing.port, timeout=20)
        sent = body if isinstance(body, bytes) else json.dumps(body)
        wire.request(method, path, sent if method == "POST" else None, {"Cookie": operator, **headers})
        answer = wire.getresponse()
        return answer.status, answer.read()

    return call


def sample_of(viewing: Viewing, call: Callable[..., tuple[int, bytes]], source: str) -> dict[str, Any]:
    """The header of a sample of a camera that sends until there is one."""
    camera, seqs = Camera(viewing.broker, source), count()
    with ThreadPoolExecutor(1) as asking:
        asked = asking.submit(call, "GET", f"/check/sample?source={source}")
        while not asked.done():
            camera.send(next(seqs), (SOURCE, REDACTED), SOMEBODY)
    status, message = asked.result()
    assert status == 200
    return dict(json.loads(message[4 : 4 + int.from_bytes(message[:4], "big")]))


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_viewer_and_whoever_has_no_session_gets_nothing_of_a_check(address: str, viewing: Viewing) -> None:
    assert ask(viewing, address).status == 401
    answer = ask(viewing, address, Cookie=log_in(viewing, VIEWER))
    assert answer.status == 404
    assert "check" not in answer.text


@pytest.mark.parametrize("address", ["/check/marks", "/check/anew?source=door"])
def test_a_viewer_can_change_nothing_of_a_check(address: str, viewing: Viewing) -> None:
    assert ask(viewing, address, {}, Cookie=log_in(viewing, VIEWER)).status == 404


def test_an_operators_mark_is_counted_and_its_result_can_be_kept_and_ended(
    viewing: Viewing, call: Callable[..., tuple[int, bytes]]
) -> None:
    assert call("GET", "/check/result?source=door") == (200, b"null")
    assert call("GET", "/check/report?source=door")[0] == 404
    sample = sample_of(viewing, call, "door")
    assert (sample["chosen"], [side["side"] for side in sample["sides"]]) == ("random", ["left", "right"])
    assert 0 < sample["held_ms"] <= 300_000
    status, said = call("POST", "/check/marks", {"sample": sample["sample"], "exposed": [0], "others": 0})
    assert (status, json.loads(said)["exposed"]) == (200, 1)
    assert call("POST", "/check/marks", {"sample": sample["sample"], "exposed": []})[0] == 410
    assert json.loads(call("GET", "/check/result?source=door")[1])["exposed"] == 1
    status, page = call("GET", "/check/report?source=door")
    assert (status, b"in 1 frame 1 was exposed" in page) == (200, True)
    assert call("POST", "/check/anew?source=door") == (200, b"null")
    assert call("GET", "/check/result?source=door") == (200, b"null")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff" * 100, 400),
        (b"[" * 4000, 400),
        (b" " * 5000, 413),
        ({"sample": "x"}, 400),
        ({"sample": "x", "exposed": [-1]}, 400),
        ({"sample": "x", "exposed": [0], "others": 65}, 400),
        ({"sample": "x", "exposed": [], "more": 1}, 400),
        ({"sample": "x", "exposed": []}, 410),
    ],
)
def test_what_are_no_marks_is_refused(body: object, status: int, call: Callable[..., tuple[int, bytes]]) -> None:
    assert call("POST", "/check/marks", body)[0] == status


def test_a_check_of_no_camera_and_one_from_another_site_are_refused(call: Callable[..., tuple[int, bytes]]) -> None:
    assert call("GET", "/check/sample")[0] == 400
    assert call("GET", f"/check/sample?source={'a' * 129}")[0] == 400
    assert call("POST", "/check/anew?source=door", Origin="http://elsewhere.example")[0] == 403


async def test_who_logs_out_while_a_frame_is_waited_for_gets_none(viewing: Viewing) -> None:
    cookie = await asyncio.to_thread(log_in, viewing, OPERATOR)
    asking = asyncio.create_task(asyncio.to_thread(ask, viewing, "/check/sample?source=yard", Cookie=cookie))
    camera, seqs = Camera(viewing.broker, "yard"), count()
    await asyncio.to_thread(ask, viewing, "/logout", {}, Cookie=cookie)
    while not asking.done():
        await asyncio.to_thread(camera.send, next(seqs), (SOURCE, REDACTED))
    answer = asking.result()
    assert answer.status == 401
    assert "JFIF" not in answer.text
