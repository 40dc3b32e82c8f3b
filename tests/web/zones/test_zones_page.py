"""Zones drawn on a camera's picture in a browser: what redactors cover, at once, after restarts, and by every hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from streams.kafka.embedded_broker import EmbeddedBroker
from streams.wire import records
from tests.bus import Writer, produce
from tests.streams import frames
from tests.streams.chains import ZONES_CHAIN, environment, wait_ready, worker
from tests.wait import wait_until
from tests.web.viewer.test_accessibility import broken_rules
from tests.web.viewing import Viewing, start_viewer

SHOWN = "REDACTION_FRAME"
CORNERS = [(0.5, 0.25), (0.9, 0.25), (0.9, 0.75), (0.5, 0.75)]
AREA = 0.4 * 0.5


class Filming(Writer):
    """A camera in the yard, five frames a second."""

    def _write(self) -> None:
        for seq in count():
            frame = replace(frames.frame(seq, "yard", live=True), captured_at=time.time_ns() // 1000)
            self._client.produce("SOURCE_FRAME", records.encode(records.from_frame(frame)), "yard")
            self._client.poll(0)
            if self._enough.wait(0.2):
                return


@pytest.fixture(scope="module")
def bus() -> Iterator[str]:
    """A broker with a camera that films."""
    with EmbeddedBroker() as broker, Filming(broker.url):
        yield broker.url


@contextmanager
def everything(bus: str, folder: Path) -> Iterator[Viewing]:
    """A worker and a viewer, which keep what they keep in this folder."""
    env = environment(bus, folder, ZONES_CHAIN)
    with worker(env) as process, start_viewer(bus, env=env) as viewing:
        wait_ready(process, "detect", "redact")
        wait_until(lambda: viewing.state().get("bus") == "ready", 60, "a viewer that holds its topics")
        yield viewing


@pytest.fixture(scope="module")
def again(bus: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Viewing]]:
    """Both, started anew at each call."""
    folder, running = tmp_path_factory.mktemp("zones"), ExitStack()

    def start() -> Viewing:
        running.close()
        return running.enter_context(everything(bus, folder))

    yield start
    running.close()


@pytest.fixture(scope="module")
def viewing(again: Callable[[], Viewing]) -> Viewing:
    return again()


def covered(page: Page) -> float:
    """The covered share of the newest frame of the redacted topic."""
    return float(page.locator(".zones").get_attribute("data-covered") or "nan")


def becomes(page: Page, low: float, high: float) -> None:
    """Until so much of a redacted frame is covered."""
    shown = "([low, high]) => { const is = Number(document.querySelector('.zones').dataset.covered); "
    page.wait_for_function(f"{shown}return low <= is && is <= high; }}", arg=[low, high], timeout=30_000)


def open_zones(page: Page, viewing: Viewing) -> None:
    """The page, once it shows the yard and knows its zones."""
    page.goto(f"{viewing.url}/zones?source=yard")
    page.locator(".zones[data-seq]").wait_for()
    expect(page.locator(".saying")).not_to_have_text("")
    page.wait_for_function("() => document.querySelector('.zones').dataset.covered")


def position(page: Page, share: tuple[float, float]) -> tuple[float, float]:
    """Where on the screen a share of the picture is."""
    box = page.locator(".zones canvas").first.bounding_box()
    assert box
    scale = min(box["width"] / 768, box["height"] / 576)
    left, top = box["x"] + (box["width"] - 768 * scale) / 2, box["y"] + (box["height"] - 576 * scale) / 2
    return left + share[0] * 768 * scale, top + share[1] * 576 * scale


def clear(page: Page) -> None:
    """Delete whatever is drawn, and save that."""
    while page.locator(".zone-list button").count():
        page.locator(".zone-list button").first.click()
    save = page.get_by_role("button", name="Save that none is drawn")
    save.click()
    expect(page.locator(".saying")).to_contain_text("Saved")


def test_by_keys_alone_a_zone_is_drawn_changed_and_saved(viewing: Viewing, page: Page) -> None:
    open_zones(page, viewing)
    press = page.keyboard.press
    for key, times in (("ArrowRight", 8), ("ArrowDown", 8), ("ArrowLeft", 8)):
        press("x")
        for _ in range(times):
            press(key)
    press("x")
    press("Backspace")
    expect(page.locator(".saying")).to_have_text("3 points")
    press("c")
    press("g")  # of the last point, where the cross is not
    expect(page.locator(".saying")).to_have_text("No point is at the cross")
    for _ in range(8):
        press("ArrowRight")
    press("g")
    press("ArrowDown")
    press("Escape")
    expect(page.locator(".zone-list input")).to_have_value("zone 1")
    press("s")
    expect(page.locator(".saying")).to_contain_text("Saved")
    drawn = page.request.get(f"{viewing.url}/zones/list?source=yard").json()["zones"]
    assert drawn == [{"name": "zone 1", "polygon": [[0.5, 0.5], [0.625, 0.5], [0.625, 0.6406]]}]
    press("?")
    expect(page.get_by_role("dialog")).to_contain_text("place a point at the cross")
    press("Escape")
    clear(page)


def test_by_touch_a_zone_is_drawn_and_a_point_is_moved_on_a_telephone(viewing: Viewing, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    open_zones(page, viewing)
    for corner in CORNERS[:3]:
        page.touchscreen.tap(*position(page, corner))
    page.get_by_role("button", name="Close the shape").tap()
    expect(page.locator(".zone-list input")).to_have_count(1)
    page.mouse.move(*position(page, CORNERS[0]))
    page.mouse.down()
    page.mouse.move(*position(page, (0.1, 0.1)), steps=3)
    page.mouse.up()
    page.locator(".panel").get_by_role("button", name="Save").tap()
    expect(page.locator(".saying")).to_contain_text("Saved")
    (zone,) = page.request.get(f"{viewing.url}/zones/list?source=yard").json()["zones"]
    assert zone["polygon"][0] == pytest.approx([0.1, 0.1], abs=0.01)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    clear(page)
    context.close()


def test_an_area_for_alerts_is_drawn_alike_and_hides_nothing(viewing: Viewing, page: Page) -> None:
    open_zones(page, viewing)
    before = covered(page)
    for corner in (*CORNERS, CORNERS[0]):
        page.mouse.click(*position(page, corner))
    page.get_by_label("Name of the zone").fill("gate")
    page.get_by_label("What zone 1 is for").select_option("for alerts")
    page.locator(".panel").get_by_role("button", name="Save").click()
    expect(page.locator(".saying")).to_contain_text("Saved")
    drawn = page.request.get(f"{viewing.url}/zones/list?source=yard").json()
    assert ([area["name"] for area in drawn["areas"]], drawn["zones"]) == (["gate"], [])
    seq = int(page.locator(".zones").get_attribute("data-seq") or 0)
    page.wait_for_function(f"() => Number(document.querySelector('.zones').dataset.seq) > {seq + 10}")
    assert covered(page) == pytest.approx(before, abs=0.01)
    page.reload()
    page.get_by_text("For the chain file").click()
    expect(page.locator(".zones pre")).to_contain_text('[areas."gate"]')
    expect(page.get_by_label("What zone 1 is for")).to_have_value("alerts")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    clear(page)


def test_from_its_live_picture_a_key_leads_to_the_zones_of_a_camera(viewing: Viewing, page: Page) -> None:
    page.goto(f"{viewing.url}/redaction?source=yard")
    expect(page.get_by_role("button", name="Zones")).to_be_visible()
    page.keyboard.press("z")
    page.wait_for_url(f"{viewing.url}/zones?source=yard")
    page.locator(".zones[data-seq]").wait_for()


def test_lines_that_cross_are_not_closed_since_they_would_leave_a_hole(viewing: Viewing, page: Page) -> None:
    open_zones(page, viewing)
    for corner in (CORNERS[0], CORNERS[2], CORNERS[1], CORNERS[3], CORNERS[0]):
        page.mouse.click(*position(page, corner))
    expect(page.locator(".saying")).to_contain_text("Its lines cross")
    page.keyboard.press("s")
    expect(page.locator(".saying")).to_have_text("A zone is not closed yet")
    page.keyboard.press("Escape")
    expect(page.locator(".panel").get_by_role("button", name="Save")).to_be_disabled()


def test_what_somebody_else_saves_is_shown_and_not_overwritten(viewing: Viewing, browser: Browser) -> None:
    one, other = browser.new_page(), browser.new_page()
    for page in (one, other):
        open_zones(page, viewing)
        for corner in (*CORNERS, CORNERS[0]):
            page.mouse.click(*position(page, corner))
    one.keyboard.press("s")
    expect(one.locator(".saying")).to_contain_text("Saved")
    other.keyboard.press("s")
    expect(other.locator(".saying")).to_contain_text("Somebody else has drawn meanwhile")
    other.get_by_role("button", name="Discard").click()
    expect(other.locator(".zones")).to_contain_text("Saved by operator")
    clear(other)
    expect(one.locator(".zone-list input")).to_have_count(0)  # who changes nothing sees it by and by
    for page in (one, other):
        page.close()


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1280), ("light", 390)])
def test_the_page_breaks_no_accessibility_rule(scheme: Any, width: int, viewing: Viewing, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    open_zones(page, viewing)
    for corner in (*CORNERS, CORNERS[0]):
        page.mouse.click(*position(page, corner))
    expect(page.locator(".zone-list input")).to_have_count(1)
    assert broken_rules(page) == []
    context.close()


def test_drawn_by_mouse_it_is_covered_at_once_and_after_a_restart_of_worker_and_viewer(
    viewing: Viewing, bus: str, page: Page, again: Callable[[], Viewing]
) -> None:
    open_zones(page, viewing)
    before = covered(page)
    assert before < 0.2
    for corner in (*CORNERS, CORNERS[0]):
        page.mouse.click(*position(page, corner))
    expect(page.locator(".saying")).to_have_text("Closed. Give it a name, and save")
    page.get_by_label("Name of the zone").fill("<b>till</b>")
    page.locator(".panel").get_by_role("button", name="Save").click()
    saved_at = time.monotonic()
    becomes(page, before + AREA / 2, before + AREA)
    print(f"covered on {SHOWN} after {time.monotonic() - saved_at:.2f} s")
    expect(page.locator(".saying")).to_contain_text("Saved")
    expect(page.locator(".zones")).to_contain_text("Saved by operator")
    page.get_by_text("For the chain file").click()
    expect(page.locator(".zones pre")).to_contain_text('[zones."yard"]')

    viewing = again()
    open_zones(page, viewing)
    assert [each.input_value() for each in page.locator(".zone-list input").all()] == ["<b>till</b>"]
    becomes(page, before + AREA / 2, before + AREA)

    # A record that is none uncovers nothing, and the page says so.
    produce(bus, "ZONES", "yard", b"forged")
    becomes(page, 1, 1)
    expect(page.locator(".saying")).to_contain_text("all of it is covered")
    expect(page.locator(".zone-list input")).to_have_count(0)
    page.get_by_role("button", name="Save that none is drawn").click()
    becomes(page, before - 0.01, before + 0.01)
