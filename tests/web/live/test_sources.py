"""Names come from strangers: the viewer remembers so many, live cameras first, and says what it leaves out."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from itertools import count

import msgspec
import psutil
import pytest
from playwright.sync_api import Page, expect

from streams.kafka.embedded_broker import EmbeddedBroker
from streams.wire import records
from streams.wire.records import Record
from tests.wait import wait_until, wait_until_async
from tests.web.flood import flood
from tests.web.frames_of_chain import ALL, REDACTED, SOURCE, Camera
from tests.web.socket_client import connect
from tests.web.viewing import Viewing, start_viewer
from web.live import cameras
from web.live.newest import NewestFrames
from web.live.pairing import LiveFrame, Pairing
from web.live.protocol import BrokerState, state_message
from web.live.sources import FORGET_S, GRACE_S, NEWCOMERS_BYTES, PAUSE_S, STEADY_S, Sources
from web.live.view import View

PLACES = 128
STATE_BYTES = 20_000
NO_CAMERAS = cameras.Cameras(())


def of(name: str, seq: int = 0) -> Record:
    return msgspec.structs.replace(_TEMPLATE, source=name, seq=seq, id=f"{_RUN.run}-{seq}")


_RUN = Camera("", "template")
_TEMPLATE = records.from_frame(_RUN.frame(0))


def sees(sources: Sources, name: str, now: float, size: int = 0) -> bool:
    return sources.see(name, SOURCE, size, now)


@pytest.fixture
def forgotten() -> list[str]:
    return []


@pytest.fixture
def sources(forgotten: list[str]) -> Sources:
    """Two cameras that are steady, among three places."""
    sources = Sources(3, forgotten.append)
    for at in range(int(STEADY_S) + 1):
        assert sees(sources, "door", at)
        assert sees(sources, "gate", at)
    return sources


def test_a_flood_of_names_takes_no_place_of_a_camera_that_is_live(sources: Sources, forgotten: list[str]) -> None:
    for at in range(10_000):
        now = STEADY_S + at / 1000
        sees(sources, f"stranger {at}", now)
        if at % 1000 == 0:
            assert sees(sources, "door", now)
            assert sees(sources, "gate", now)
    assert {"door", "gate"}.isdisjoint(forgotten)
    assert sources.in_order(now)[:2] == ["gate", "door"]
    assert len(sources) == 3
    assert sources.turned_away + sources.forgotten == 10_000 - 1


def test_a_camera_that_begins_amid_a_flood_keeps_the_place_it_has_got(sources: Sources) -> None:
    end = STEADY_S
    assert sees(sources, "new", end)
    for at in range(1, 100):
        now = end + at * GRACE_S / 2
        assert not sees(sources, f"stranger {at}", now)
        for name in ("new", "door", "gate"):
            assert sees(sources, name, now)


def test_a_camera_of_one_frame_a_minute_is_live_between_them() -> None:
    sources = Sources(1, lambda _: None)
    for at in (0, 60, 120):
        assert sees(sources, "slow", at)
    assert not sees(sources, "stranger", 179)
    assert sees(sources, "stranger", 120 + 2 * 60 + 1)


def test_who_was_seen_least_recently_makes_room_first(sources: Sources, forgotten: list[str]) -> None:
    assert sees(sources, "a", STEADY_S)
    assert sees(sources, "b", STEADY_S + GRACE_S)
    assert forgotten == ["a"]
    assert sees(sources, "c", STEADY_S + PAUSE_S + 1)
    assert forgotten == ["a", "door"]


def test_pictures_of_strangers_take_so_much_memory_and_those_of_cameras_what_they_need() -> None:
    sources = Sources(PLACES, lambda _: None)
    large = NEWCOMERS_BYTES // 10
    for at in range(int(STEADY_S) + 1):
        for name in ("door", "gate"):
            assert sees(sources, name, at, large)
    kept = [sees(sources, f"stranger {at}", STEADY_S, large) for at in range(20)]
    assert kept == [True] * 10 + [False] * 10
    assert all(sees(sources, name, STEADY_S, 20 * large) for name in ("door", "gate"))
    assert sees(sources, "stranger 20", STEADY_S + GRACE_S, large)


def test_two_hundred_cameras_that_begin_at_once_are_all_shown_soon() -> None:
    sources = Sources(256, lambda _: None)
    for tenth in range(int(10 * 2 * STEADY_S)):
        shown = [sees(sources, f"camera {at}", tenth / 10, 400_000) for at in range(200)]
    assert all(shown)


def test_a_source_is_forgotten_after_minutes_of_silence(sources: Sources, forgotten: list[str]) -> None:
    sees(sources, "gate", 100.0)
    sources.forget_silent(STEADY_S + FORGET_S + 1)
    assert (forgotten, len(sources), sources.is_crowded(STEADY_S + FORGET_S)) == (["door"], 1, False)


def test_what_is_forgotten_leaves_nothing_behind_and_is_shown_when_it_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("web.live.newest.time.monotonic", lambda: now)
    newest = NewestFrames([SOURCE], PLACES)
    pairing = newest.watch(None, SOURCE)
    view = View(pairing, None, None)
    for seq in range(5):
        newest.put(SOURCE, of("door", seq))
    assert view.next(0.0)
    for now in (1.0, FORGET_S + 2.0):
        newest.put(SOURCE, of("gate"))
        newest.sources.forget_silent(now)
    assert list(newest.frames[SOURCE]) == list(pairing.pairs) == list(pairing._rights) == ["gate"]
    newest.put(SOURCE, of("door", 0))
    view.source = "door"
    assert view.next(now)


def test_a_view_forgets_the_sources_that_its_pairing_has_forgotten() -> None:
    pairing = Pairing(None, SOURCE)
    view = View(pairing, None, None)
    for number in range(1000):
        pairing.put(LiveFrame(SOURCE, of(f"stranger {number}"), 0.0))
        assert view.next(number * 10.0)
        pairing.forget(f"stranger {number}")
    assert len(view.sent) <= 1


@pytest.mark.parametrize("letter", ["a", "é", "\x01", "\U0001f4f7"])
def test_the_state_is_small_whatever_strangers_call_themselves(letter: str) -> None:
    newest = NewestFrames(ALL, 4096)
    for number in range(4000):
        newest.put(SOURCE, of(f"{number:04}{letter * 124}"))
    newest.put(REDACTED, of("door"))
    text = state_message(newest, NO_CAMERAS, BrokerState("nowhere"), ALL, {"0001" + letter * 124})
    state = json.loads(text)
    assert len(text.encode()) < STATE_BYTES
    assert next(iter(state["sources"])) == "0001" + letter * 124
    assert len(state["sources"]) + state["unnamed"] == 4001


def test_a_browser_is_told_of_no_source_that_is_on_no_topic_it_may_see() -> None:
    newest = NewestFrames(ALL, PLACES)
    newest.put(SOURCE, of("raw"))
    newest.put(REDACTED, of("door"))
    state = json.loads(state_message(newest, NO_CAMERAS, BrokerState("nowhere"), [REDACTED]))
    assert (list(state["sources"]), state["unnamed"]) == (["door"], 0)


def test_all_places_of_the_default_are_named_in_one_state() -> None:
    newest = NewestFrames([*ALL, "DETECTION_FRAME", "IMAGEAI_FRAME"], 256)
    for number in range(256):
        for topic in newest.frames:
            newest.put(topic, of(f"camera {number:03} door"))
    assert json.loads(state_message(newest, NO_CAMERAS, BrokerState("nowhere"), newest.frames))["unnamed"] == 0


class Cameras:
    """Cameras that send every half second on all topics."""

    every_s = 0.5

    def __init__(self, broker: str, number: int) -> None:
        self.names = [f"camera {at}" for at in range(number)]
        self._cameras = [Camera(broker, name) for name in self.names]
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def __enter__(self) -> Cameras:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join(timeout=30)

    def _send(self) -> None:
        for seq in count():
            for camera in self._cameras:
                camera.send(seq)
            if self._enough.wait(self.every_s):
                return


@pytest.fixture
def viewing() -> Iterator[Viewing]:
    with EmbeddedBroker() as broker, start_viewer(broker.url, env={"IMAGEBUS_SOURCES": "128"}) as viewing:
        viewing.wait_until_ready()
        yield viewing


def strange(number: int) -> tuple[str, bytes]:
    name = f"stranger {number}"
    return name, records.encode(msgspec.structs.replace(_TEMPLATE, source=name, jpeg=_TEMPLATE.jpeg + bytes(40_000)))


async def test_strangers_beside_cameras_cost_the_viewer_little_and_the_cameras_stay(viewing: Viewing) -> None:
    warm_up = viewing.state()["frames"]
    with Cameras(viewing.broker, 3) as cameras:
        steady = (STEADY_S / cameras.every_s + 2) * len(cameras.names) * len(ALL)
        await wait_until_async(lambda: viewing.state()["frames"] >= warm_up + steady, 60, "cameras that are steady")
        process = psutil.Process(viewing.process.pid)
        before = process.memory_info().rss
        for at in range(0, 2000, 100):
            taken = viewing.state()["frames"]
            await asyncio.to_thread(flood, viewing.broker, SOURCE, lambda n, at=at: strange(at + n), records=100)
            await wait_until_async(lambda taken=taken: viewing.state()["frames"] >= taken + 100, 10, "what was sent")
        async with connect(viewing) as client:
            state = await client.text("state")
        grown = process.memory_info().rss - before
    assert len(json.dumps(state, ensure_ascii=False)) < STATE_BYTES
    assert grown < 40 * 2**20
    ages = state["sources"]
    assert set(list(ages)[: len(cameras.names)]) == set(cameras.names)
    assert all(ages[name][state["topics"][SOURCE]["at"]] < 5 for name in cameras.names)
    assert len(ages) <= PLACES


def test_the_wall_drops_who_is_forgotten_and_says_that_not_all_are_shown(viewing: Viewing, page: Page) -> None:
    numbers = count()
    tiles, notice = page.locator(".wall .pane"), page.locator("#notice")

    def send(names: int) -> bool:
        return bool(flood(viewing.broker, SOURCE, lambda _: strange(next(numbers)), records=names))

    page.goto(f"{viewing.url}/wall")
    page.get_by_label("Topic").select_option(SOURCE)
    send(120)
    expect(tiles.nth(119)).to_be_attached()
    first = page.get_by_label(str(tiles.first.get_attribute("aria-label")), exact=True)
    wait_until(lambda: send(60) and notice.is_visible(), 20, "a page that says so")
    expect(notice).to_have_text(re.compile("^More sources send than the viewer remembers"))
    wait_until(lambda: send(60) and not first.count(), 20, "a wall without who was forgotten")
    assert tiles.count() <= PLACES
    expect(notice).to_be_hidden()
