"""Looking back on a live page: a strip to scrub over, steps beyond the page's own pictures, a clip; for every role."""

from __future__ import annotations

import re
from pathlib import Path

import av
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.web.auth.session import OPERATOR, VIEWER
from tests.web.frames_of_chain import ANNOTATED, REDACTED, Camera
from tests.web.viewer.test_accessibility import PHONE, broken_rules
from tests.web.viewing import Viewing, open_page, shows, wait_for_frame


@pytest.fixture(scope="module")
def street(viewing: Viewing) -> Camera:
    """A camera whose frames 1 to 6 the bus holds."""
    street = Camera(viewing.broker, "street")
    for seq in range(1, 7):
        street.send(seq)
    return street


def log_in(page: Page, viewing: Viewing, password: str) -> None:
    page.goto(viewing.url)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{viewing.url}/**")


def open_strip(page: Page) -> None:
    page.get_by_role("button", name="Time").click()
    expect(page.locator(".past .words")).to_contain_text("back to")


def frames_in(clip: Path) -> int:
    with av.open(str(clip)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_an_operator_steps_beyond_the_pages_own_pictures_and_scrubs_over_both_sides(
    viewing: Viewing, street: Camera, page: Page
) -> None:
    log_in(page, viewing, OPERATOR)
    open_page(page, viewing, "/redaction", street.name)
    wait_for_frame(page, street, 6)  # the only one that this page was sent
    page.get_by_role("button", name="Back").click()
    wait_for_frame(page, street, 5)
    assert shows(page, ANNOTATED, 5)
    assert shows(page, REDACTED, 5)
    expect(page.locator(f".pane[data-topic={REDACTED}] .note")).to_have_text("Paused · looking back")
    page.keyboard.press("ArrowLeft")
    wait_for_frame(page, street, 4)
    page.get_by_role("button", name="Forward").click()
    wait_for_frame(page, street, 5)

    open_strip(page)
    strip = page.get_by_role("slider", name="Time that the bus still holds")
    strip.press("PageDown")
    wait_for_frame(page, street, 1)
    expect(strip).to_have_attribute("aria-valuenow", "0")
    expect(strip).not_to_have_attribute("aria-valuetext", "not shown")
    strip.press("PageUp")
    wait_for_frame(page, street, 6)
    box = strip.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] - 50, box["y"] + 10, steps=5)
    page.mouse.up()
    wait_for_frame(page, street, 1)

    page.get_by_role("button", name="Live").click()
    wait_for_frame(page, street, 6)
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert "pause" not in page.url


def test_a_link_leads_to_the_very_frame_and_says_where_it_has_passed(
    viewing: Viewing, street: Camera, page: Page
) -> None:
    log_in(page, viewing, OPERATOR)
    open_page(page, viewing, "/redaction", street.name)
    wait_for_frame(page, street, 6)
    for seq in (5, 4):
        page.get_by_role("button", name="Back").click()
        wait_for_frame(page, street, seq)
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    wait_for_frame(page, street, 4)
    expect(page.locator(".past")).to_be_visible()
    page.goto("about:blank")
    page.goto(re.sub(r"pause=\d+", "pause=1", link))
    wait_for_frame(page, street, 1)
    expect(page.locator(f".pane[data-topic={REDACTED}] .note")).to_contain_text("has passed: this one is newer")
    page.get_by_role("button", name="Forward").click()
    wait_for_frame(page, street, 2)


def test_a_viewer_scrubs_and_keeps_a_clip_by_keys_and_is_given_nothing_raw(
    viewing: Viewing, street: Camera, page: Page, tmp_path: Path
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/held" in request.url else None)
    log_in(page, viewing, VIEWER)
    open_page(page, viewing, "/redaction", street.name)
    wait_for_frame(page, street, 6, panes=1)
    page.get_by_role("heading", name=REDACTED).click()
    page.keyboard.press("t")
    expect(page.locator(".past .words")).to_contain_text("back to")
    for seq in (5, 4, 3):
        page.keyboard.press("ArrowLeft")
        wait_for_frame(page, street, seq, panes=1)
    page.keyboard.press("]")
    page.keyboard.press("ArrowLeft")
    wait_for_frame(page, street, 2, panes=1)
    page.keyboard.press("[")
    expect(page.get_by_role("button", name=re.compile(r"Clip \(0\.\d s\)"))).to_be_visible()
    with page.expect_download() as downloading:
        page.keyboard.press("c")
    assert downloading.value.suggested_filename.startswith(f"street-{REDACTED}-20")
    downloading.value.save_as(tmp_path / "clip.mp4")
    assert frames_in(tmp_path / "clip.mp4") == 2
    assert asked
    assert not [url for url in asked if ANNOTATED in url or "left" in url]
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("look back over what the bus still holds")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("where a clip begins, where it ends")


def test_with_all_sources_in_turn_the_one_that_is_shown_is_looked_back_on(
    viewing: Viewing, street: Camera, page: Page
) -> None:
    log_in(page, viewing, VIEWER)
    open_page(page, viewing, "/redaction")
    page.locator(".pane[data-source]").wait_for()
    open_strip(page)
    assert page.get_by_label("Source", exact=True).input_value() in (street.name, "warm-up")


def test_on_a_telephone_a_finger_scrubs_and_who_cannot_see_is_told(
    viewing: Viewing, street: Camera, browser: Browser
) -> None:
    size = ViewportSize(width=PHONE["width"], height=PHONE["height"])
    context = browser.new_context(viewport=size, has_touch=True, is_mobile=True, color_scheme="dark", bypass_csp=True)
    page = context.new_page()
    log_in(page, viewing, VIEWER)
    open_page(page, viewing, "/redaction", street.name)
    wait_for_frame(page, street, 6, panes=1)
    open_strip(page)
    strip = page.locator(".past .timestrip")
    strip.tap(position={"x": 0, "y": 10})
    wait_for_frame(page, street, 1, panes=1)
    assert broken_rules(page) == []
    page.emulate_media(color_scheme="light")
    assert broken_rules(page) == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
    context.close()
