"""The status line: how many cameras are live, by their own word and by their frames."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from streams.cameras.states import DEAD_AFTER_S, Told
from streams.wire.cameras import CameraState, State
from tests.streams.producing import producer
from tests.web.viewing import open_page, start_viewer
from web.live.cameras import Cameras, counted
from web.live.newest import NewestFrames
from web.live.protocol import BrokerState, state_message
from web.live.sources import Seen

NOW_S = 50_000.0
STATE = CameraState(
    source="door", run="0" * 12, topic="SOURCE_FRAME", state="running", since=1, started_at=1, updated_at=1
)
PLAY = ("-f", 5, "--realtime", "--loop")


ON, OFF = Seen(NOW_S, goes_on=True), Seen(NOW_S - 60, goes_on=False)


def words(seen: dict[str, Seen], age_s: float = 1.0, topic: str = "SOURCE_FRAME", **states: State) -> dict[str, str]:
    """The words of cameras whose states were told so long ago."""
    cameras = Cameras(["SOURCE_FRAME"])
    told = {name: replace(STATE, source=name, state=state, topic=topic) for name, state in states.items()}
    cameras.put({name: Told(state, NOW_S - age_s, is_new=True) for name, state in told.items()}, {})
    return cameras.words(seen, NOW_S)


def test_a_camera_s_own_word_counts_and_frames_where_there_is_none() -> None:
    told = words({"door": ON, "other": ON, "quiet": OFF}, door="dark", gate="running", yard="lost")
    assert told == {"door": "dark", "gate": "live", "yard": "lost", "other": "live", "quiet": "silent"}
    assert list(counted(told).items()) == [("live", 2), ("dark", 1), ("silent", 1), ("lost", 1)]


@pytest.mark.parametrize("state", ["ended", "stopped"])
def test_what_has_ended_is_no_camera_unless_its_frames_come(state: State) -> None:
    assert words({"door": OFF}, door=state) == {}
    assert words({"door": ON}, door=state) == {}  # those were on their way
    assert words({"door": ON}, 30, door=state) == {"door": "live"}


def test_a_producer_that_died_without_a_word_is_lost_and_is_no_camera_after_an_hour() -> None:
    assert words({}, DEAD_AFTER_S + 1, door="running") == {"door": "lost"}
    assert words({}, 3601, door="running") == {}
    assert words({}, 3601, door="refused") == {"door": "refused"}


def test_cameras_of_other_chains_are_not_counted() -> None:
    assert words({}, topic="ELSEWHERE", door="running") == {}


def test_a_browser_is_told_no_name_of_a_camera_that_it_may_not_see() -> None:
    cameras = Cameras(["SOURCE_FRAME", "REDACTION_FRAME"])
    cameras.put({"door": Told(replace(STATE, state="dark"), time.monotonic(), is_new=True)}, {"door": time.monotonic()})
    newest = NewestFrames(["SOURCE_FRAME", "REDACTION_FRAME"], 128)

    def state(*topics: str) -> tuple[object, ...]:
        told = json.loads(state_message(newest, cameras, BrokerState("nowhere"), topics))
        return told["cameras"], told["amiss"], told["doubles"]

    assert state("SOURCE_FRAME", "REDACTION_FRAME") == ({"dark": 1}, {"door": "dark"}, ["door"])
    assert state("REDACTION_FRAME") == ({"dark": 1}, {}, [])


def test_the_line_counts_cameras_as_they_are_and_tells_of_a_second_producer_of_a_name(
    embedded: str, clip: Path, page: Page
) -> None:
    with start_viewer(embedded) as viewing:
        viewing.wait_until_ready()
        open_page(page, viewing)
        status = page.locator("#status")
        with producer(embedded, clip, "-n", "door", *PLAY) as first:
            expect(status).to_have_text("2 live", timeout=30_000)  # one sends frames and tells no state
            with producer(embedded, clip, "-n", "door", *PLAY) as second:
                assert second.wait(60) == 2
            expect(page.locator("#notice")).to_contain_text("A second producer was refused as door")
            expect(status).to_have_text("1 live · 1 silent", timeout=30_000)
            expect(status).to_have_attribute("title", "warm-up: silent")
            first.terminate(signal.SIGINT)
        expect(status).to_have_text("0 live · 1 silent", timeout=30_000)
