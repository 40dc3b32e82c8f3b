"""The browser camera: Chromium's own fake device plays a real clip, which arrives on the bus and in the viewer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import numpy as np
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription, VideoStreamTrack
from av import VideoFrame
from playwright.sync_api import Browser, Page, expect

from tests.bus import length
from tests.commands import Command
from tests.processes import free_port
from tests.streams.fleet.fleets import States
from tests.streams.producing import producer
from tests.wait import wait_until
from tests.web.ingesting import Ingest, frames_of, start_camera, start_ingest
from tests.web.viewing import start_viewer

KEY = "the key of the cameras"


@pytest.fixture(scope="module")
def ingest(kafka: str) -> Iterator[Ingest]:
    """One for all tests of this file, each of which has names of its own."""
    with start_ingest(kafka) as ingest:
        yield ingest


@pytest.fixture(scope="module")
def keyed() -> Iterator[Ingest]:
    """One that asks for a key; the requests of its tests never reach a broker."""
    with start_ingest(f"127.0.0.1:{free_port()}", env={"IMAGEBUS_CAMERA_KEY": KEY}) as ingest:
        yield ingest


@pytest.fixture
def camera_page(filming: Browser, ingest: Ingest) -> Iterator[Page]:
    page = filming.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(ingest.url)
    yield page
    assert wrong == []


def test_a_browsers_camera_arrives_as_the_producer_would_write_it_and_in_the_viewer(
    ingest: Ingest, camera_page: Page, filming: Browser
) -> None:
    with start_viewer(ingest.broker) as viewing:
        wait_until(lambda: viewing.state().get("bus") == "ready", 30, "a viewer that reads")
        start_camera(camera_page, "my telephone")
        first, *rest = frames_of(ingest.broker, "my telephone", 5)
        assert first.live
        assert first.size_wh[0] >= 160
        assert (first.detections, first.hops, first.redaction) == ([], [], None)
        assert [each.seq for each in (first, *rest)] == list(range(len(rest) + 1))
        assert len({each.id.partition("-")[0] for each in (first, *rest)}) == 1
        expect(camera_page.locator("#sent")).not_to_have_text("0")

        looking = filming.new_page()
        looking.goto(viewing.url)
        looking.locator(".pane[data-topic=SOURCE_FRAME][data-source='my telephone']").wait_for(timeout=20_000)


def test_pause_sends_nothing_continue_goes_on_and_stop_lets_the_camera_go(ingest: Ingest, camera_page: Page) -> None:
    start_camera(camera_page, "paused")
    frames_of(ingest.broker, "paused", 3)
    camera_page.get_by_role("button", name="Pause").click()
    expect(camera_page.locator("#status")).to_have_text("paused")
    camera_page.wait_for_timeout(1500)  # what was on its way has arrived
    before = length(ingest.broker, "SOURCE_FRAME")
    camera_page.wait_for_timeout(1000)
    assert length(ingest.broker, "SOURCE_FRAME") == before

    camera_page.get_by_role("button", name="Continue").click()
    wait_until(lambda: length(ingest.broker, "SOURCE_FRAME") > before, 20, "frames after the pause")
    camera_page.get_by_role("button", name="Stop").click()
    expect(camera_page.locator("#status")).to_have_text("stopped")
    assert camera_page.evaluate("document.getElementById('preview').srcObject") is None


def test_a_page_that_vanished_leaves_its_name_free_within_seconds(
    ingest: Ingest, camera_page: Page, filming: Browser
) -> None:
    start_camera(camera_page, "vanishing")
    frames_of(ingest.broker, "vanishing", 1)
    camera_page.evaluate("window.onpagehide = null")
    camera_page.close()
    again = filming.new_page()
    again.goto(ingest.url)
    again.get_by_label("Name").fill("vanishing")

    def sends() -> bool:
        again.get_by_role("button", name="Start").click()
        again.wait_for_timeout(500)
        return again.locator("#status").text_content() in ("sending", "connecting")

    wait_until(sends, 15, "the name free again")


def test_two_cameras_of_one_name_are_refused(ingest: Ingest, camera_page: Page, filming: Browser) -> None:
    start_camera(camera_page, "only one")
    other = filming.new_page()
    other.goto(ingest.url)
    other.get_by_label("Name").fill("only one")
    other.get_by_role("button", name="Start").click()
    expect(other.locator("#notice")).to_contain_text("a camera of this name is sending")


def test_a_name_under_which_a_producer_sends_is_refused_until_it_is_free(
    ingest: Ingest, camera_page: Page, clip: Path
) -> None:
    states = States(ingest.broker)

    def begin() -> None:
        camera_page.get_by_label("Name").fill("taken")
        camera_page.get_by_role("button", name="Start").click()

    with producer(ingest.broker, clip, "-n", "taken", "-f", 5, "--realtime", "--loop"):
        first = states.wait("the producer", lambda now: "taken" in now and now["taken"].state == "running")["taken"]
        begin()
        expect(camera_page.locator("#notice")).to_contain_text(
            "Expected a name of its own: another producer sends as taken to SOURCE_FRAME, since", timeout=20_000
        )
        states.wait("its own", lambda now: now["taken"].run == first.run and now["taken"].state == "running")
    begin()
    expect(camera_page.locator("#status")).to_have_text("sending", timeout=20_000)
    states.wait("the browser", lambda now: now["taken"].transport == "webrtc" and now["taken"].state == "running")


def test_a_producer_is_refused_the_name_of_a_browser_s_camera(ingest: Ingest, camera_page: Page, clip: Path) -> None:
    start_camera(camera_page, "given")
    frames_of(ingest.broker, "given", 1)
    with producer(ingest.broker, clip, "-n", "given", "-f", 5, "--realtime", "--loop") as second:
        assert second.wait(60) == 2
        second.wait_for_line("--name given: expected a name of its own")
    expect(camera_page.locator("#status")).to_have_text("sending")


def test_a_browser_that_returns_replaces_its_own_session_and_its_state_is_told(
    ingest: Ingest, camera_page: Page, filming: Browser
) -> None:
    states = States(ingest.broker)
    start_camera(camera_page, "returns")
    first = states.wait("its state", lambda now: "returns" in now and now["returns"].state == "running")["returns"]
    assert (first.transport, first.topic) == ("webrtc", "SOURCE_FRAME")
    camera_page.close()  # says no goodbye
    other = filming.new_page()
    other.goto(ingest.url)
    other.wait_for_timeout(1500)  # as long as a page takes that is loaded anew
    start_camera(other, "returns")
    states.wait("the next session", lambda now: now["returns"].run != first.run and now["returns"].state == "running")


@pytest.mark.parametrize("codec", ["video/H264", "video/VP8"])
async def test_any_whip_client_can_send(codec: str, ingest: Ingest) -> None:
    name = f"other client with {codec}"
    query = f"?{urlencode({'name': name, 'interval_ms': 100})}"
    peer = RTCPeerConnection(RTCConfiguration([]))
    transceiver = peer.addTransceiver(_Grey(), "sendonly")
    every = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([each for each in every if each.mimeType == codec])
    await peer.setLocalDescription(await peer.createOffer())
    status, answer = await asyncio.to_thread(ingest.offer, peer.localDescription.sdp.encode(), query)
    assert status == 201
    assert codec.partition("/")[2] in answer
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    frames = await asyncio.to_thread(frames_of, ingest.broker, name, 3)
    assert frames[0].size_wh == (640, 480)
    await peer.close()

    def free() -> bool:
        return ingest.offer(b"nonsense", query)[0] == 400

    await asyncio.to_thread(wait_until, free, 20, "the name free again, seconds after the client vanished")


class _Grey(VideoStreamTrack):
    """A picture of grey, 30 a second."""

    async def recv(self) -> VideoFrame:
        frame = VideoFrame.from_ndarray(np.full((480, 640, 3), 127, np.uint8), format="bgr24")
        frame.pts, frame.time_base = await self.next_timestamp()
        return frame


@pytest.mark.parametrize(
    ("body", "query", "headers", "status"),
    [
        (b"v=0\r\n", "", {"Authorization": ""}, 401),
        (b"v=0\r\n", "", {"Authorization": "Basic dXNlcjpwYXNz"}, 401),
        (b"v=0\r\n", "", {"Origin": "http://evil.example"}, 403),
        (b"v=0\r\n", "", {"Content_Type": "text/plain"}, 415),
        (b"a=x\r\n" * 20_000, "", {}, 413),
        (b"\xff\xfe", "", {}, 400),
        (b"v=0\r\n", "?topic=REDACTION_FRAME", {}, 403),
        (b"v=0\r\n", "?topic=ANNOTATED_FRAME", {}, 403),
        (b"v=0\r\n", "?topic=../etc", {}, 403),
        (b"v=0\r\n", "?name=", {}, 400),
        (b"v=0\r\n", "?name=" + "n" * 129, {}, 400),
        (b"v=0\r\n", "?interval_ms=1", {}, 400),
        (b"v=0\r\n", "?interval_ms=-5", {}, 400),
        (b"v=0\r\n", "?interval_ms=" + "9" * 400, {}, 400),
    ],
)
def test_an_offer_that_may_not_be_is_refused(
    body: bytes, query: str, headers: dict[str, str], status: int, keyed: Ingest
) -> None:
    said = keyed.offer(body, query, **{"Authorization": f"Bearer {KEY}"} | headers)
    assert said[0] == status, said
    assert KEY not in said[1]


def test_without_a_broker_an_offer_is_told_to_come_again(keyed: Ingest) -> None:
    status, text = keyed.offer(Authorization=f"Bearer {KEY}")
    assert (status, text) == (503, "The broker does not answer: try again\n")


@pytest.mark.parametrize("offer", [b"", b"nonsense", b"v=0\r\n", b"a=x\r\n" * 10_000, b"v=0\r\nm=audio 9 X 0\r\n"])
def test_what_is_no_offer_is_refused_and_leaves_nothing_behind(offer: bytes, ingest: Ingest) -> None:
    status, text = ingest.offer(offer, "?name=garbage")
    assert status == 400, text
    assert ingest.offer(b"nonsense", "?name=garbage")[0] == 400


def test_guessing_keys_is_braked(keyed: Ingest) -> None:
    guesses = {keyed.offer(Authorization=f"Bearer guess {n}")[0] for n in range(8)}
    assert guesses == {401, 429}


def test_a_session_is_nobodys_but_who_began_it(ingest: Ingest) -> None:
    for method in ("GET", "DELETE"):
        assert ingest.ask("/whip/guessed", method=method)[0] == 404


def test_the_page_offers_topics_that_no_stage_writes(ingest: Ingest) -> None:
    status, text = ingest.ask("/")
    assert status == 200
    config = text.partition('id="config">')[2].partition("</script>")[0]
    assert msgspec.json.decode(config)["topics"] == ["SOURCE_FRAME"]


def test_off_loopback_a_key_is_wanted(imagebus: Command) -> None:
    ended = imagebus("camera", "--host", "0.0.0.0")
    assert ended.code == 2
    assert "since no key is set, got 0.0.0.0; set IMAGEBUS_CAMERA_KEY" in ended.err
