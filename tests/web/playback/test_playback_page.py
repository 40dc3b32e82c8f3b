"""The page Playback: a day as a strip a camera, click to play, step, save; for viewers too, on every screen."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.streams.recording.recorded import SECOND_US
from tests.wait import wait_until
from tests.web.auth.session import VIEWER
from tests.web.playback.recorded_day import STRANGER, RecordedDay, address
from tests.web.viewer.test_accessibility import DESK, PHONE, broken_rules
from tests.web.viewing import Viewing


@pytest.fixture
def viewer(page: Page, viewing: Viewing) -> Page:
    """A page of somebody with the role viewer."""
    page.goto(viewing.url)
    page.get_by_label("Password").fill(VIEWER)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{viewing.url}/**")
    return page


def _open(page: Page, viewing: Viewing, source: str = "yard", at: int | None = None) -> None:
    """Open the page at a moment, by default the newest, and wait for its picture."""
    when = "" if at is None else page.evaluate("us => `&at=${new Date(us / 1000).toISOString()}`", at)
    page.goto(f"{viewing.url}/playback?source={source}{when}")
    page.wait_for_function("() => document.querySelector('.screen video:not([hidden])')?.readyState >= 2")
    expect(page.locator(".sentence")).to_have_text("person hidden: 25 %")


def _second(page: Page) -> float:
    second: float = page.locator(".screen video:not([hidden])").evaluate("video => video.currentTime")
    return second


def _at(page: Page) -> int:
    """The moment in the page's address."""
    return round(page.evaluate("Date.parse(new URL(location).searchParams.get('at'))") * 1000)


def test_a_viewer_opens_the_newest_minute_and_sees_what_it_holds(
    viewer: Page, viewing: Viewing, day: RecordedDay
) -> None:
    viewer.goto(f"{viewing.url}/counts")
    viewer.get_by_role("link", name="Playback").click()
    _open(viewer, viewing)
    assert _at(viewer) == day.after
    expect(viewer.locator(".playback .caption")).to_have_text("yardredacted")
    expect(viewer.locator(".chosen")).to_have_text("nothing in doubt")
    expect(viewer.get_by_text("redact 0.1.0 (strength 9)")).to_be_visible()
    expect(viewer.locator(".timestrip-row .name")).to_have_text([STRANGER, "yard"])
    offered = viewer.get_by_label("Camera").locator("option")
    assert offered.evaluate_all("options => options.map((option) => option.value)") == [STRANGER, "yard"]


def test_a_link_leads_to_a_frame_and_its_doubt_and_steps_lead_to_those_beside(
    viewer: Page, viewing: Viewing, day: RecordedDay
) -> None:
    _open(viewer, viewing, at=day.began + 70 * SECOND_US)
    expect(viewer.locator(".chosen")).to_have_text("in doubt: dim")
    expect(viewer.get_by_text("found: 1 \N{MULTIPLICATION SIGN} person")).to_be_visible()
    assert _second(viewer) == pytest.approx(10, abs=0.01)
    viewer.keyboard.press("ArrowRight")
    expect(viewer.locator(".chosen")).to_have_text("nothing in doubt")
    assert _second(viewer) == pytest.approx(11, abs=0.01)
    for _ in range(12):
        viewer.keyboard.press("ArrowLeft")
    wait_until(lambda: _at(viewer) == day.began + 59 * SECOND_US, 20, "the last frame of the minute before")
    expect(viewer.get_by_text("found: nothing")).to_be_visible()


def test_it_plays_on_from_file_to_file_and_says_what_is_missing_between(
    viewer: Page, viewing: Viewing, day: RecordedDay
) -> None:
    _open(viewer, viewing, at=day.began + 50 * SECOND_US)
    viewer.get_by_label("Speed").select_option(index=5)
    viewer.get_by_role("button", name="Continue").click()
    expect(viewer.locator(".playback .note")).to_have_text("Missing 91 s before: no frame came", timeout=60_000)
    viewer.get_by_role("button", name="Pause").click()
    wait_until(lambda: _at(viewer) >= day.after, 20, "the time after the pause")


def test_a_click_on_a_days_strip_and_keys_on_it_lead_to_that_moment(
    viewer: Page, viewing: Viewing, day: RecordedDay
) -> None:
    _open(viewer, viewing, at=day.began)
    strip = viewer.get_by_role("slider", name="The hour around the picture")
    box = strip.bounding_box()
    assert box
    hour = day.began // (3600 * SECOND_US) * 3600 * SECOND_US
    wanted = day.began + 40 * SECOND_US  # of the same hour, whatever time it is
    viewer.mouse.click(box["x"] + box["width"] * (wanted - hour) / (3600 * SECOND_US), box["y"] + 9)
    wait_until(lambda: abs(_at(viewer) - wanted) < 5 * SECOND_US, 20, "the moment of the click")
    before = _at(viewer)
    viewer.get_by_role("slider", name="Day of yard").press("ArrowRight")
    wait_until(lambda: abs(_at(viewer) - before - 60 * SECOND_US) <= 1000, 20, "a minute after")


def test_the_minute_that_is_shown_is_saved_as_the_file_that_it_is(
    viewer: Page, viewing: Viewing, day: RecordedDay
) -> None:
    _open(viewer, viewing, at=day.began + SECOND_US)
    with viewer.expect_download() as download:
        viewer.keyboard.press("s")
    file = day.redacted.files()[0]
    assert re.fullmatch(r"yard-\d{4}-\d\d-\d\d-\d\d-\d\d-00\.mp4", download.value.suggested_filename)
    assert download.value.path().read_bytes() == file.video.read_bytes()
    assert viewing.url + address(file) == download.value.url


def test_a_day_without_a_picture_says_so(viewer: Page, viewing: Viewing) -> None:
    _open(viewer, viewing)
    viewer.get_by_role("button", name="The day after").click()
    expect(viewer.locator(".playback .note")).to_contain_text("Nothing of yard is recorded from")


@pytest.mark.parametrize(("scheme", "size"), [("dark", DESK), ("light", DESK), ("dark", PHONE), ("light", PHONE)])
def test_it_breaks_no_accessibility_rule_and_fits_the_screen(
    scheme: Any, size: Any, viewing: Viewing, day: RecordedDay, browser: Browser
) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(viewing.url)
    page.get_by_label("Password").fill(VIEWER)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{viewing.url}/**")
    _open(page, viewing, at=day.began + 70 * SECOND_US)
    page.get_by_text("As a table").click()
    expect(page.locator(".days tbody tr")).not_to_have_count(0)
    assert broken_rules(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_from_the_strip_under_a_live_picture_a_link_leads_further_back(
    browser: Browser, viewing: Viewing, day: RecordedDay
) -> None:
    page = browser.new_page()  # not the fixture's: without a bus the viewer answers 503, which a browser logs
    page.goto(f"{viewing.url}/login?next=%2Fredaction%3Fsource%3Dyard")
    page.get_by_label("Password").fill(VIEWER)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Time").click()
    page.get_by_role("link", name="Further back in Playback").click()
    page.wait_for_url(re.compile(r"/playback\?source=yard&at="))
    expect(page.locator(".playback .caption")).to_have_text("yardredacted")
    page.close()
