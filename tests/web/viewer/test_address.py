"""What one sees stands in the address, so that a link shows a colleague the same; the theme is this browser's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from playwright.sync_api import Page, expect

from functions.core.frame import Detection
from tests.web.frames_of_chain import ANNOTATED, REDACTED, Camera
from tests.web.viewing import Viewing, open_page, pixel, wait_for_frame

Cameras = Callable[[str], Camera]
PERSON = Detection("person", 0.9, (10, 20, 60, 120), track=4)
CAR = Detection("car", 0.5, (100, 50, 200, 100))


def test_a_link_shows_the_same_source_label_layout_boxes_and_pause(
    viewing: Viewing, camera: Cameras, page: Page
) -> None:
    gate, other = camera("gate & co"), camera("aside")
    gate.send(1, detections=[PERSON, CAR], unseen=[(200, 150, 300, 230)])
    other.send(1)
    open_page(page, viewing, "/redaction", gate.name)
    wait_for_frame(page, gate, 1)
    page.get_by_label("Label", exact=True).select_option("car")
    page.get_by_role("button", name="Slider").click()
    wait_for_frame(page, gate, 1)
    page.keyboard.press("b")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".pane .note").last).to_have_text(re.compile("^Paused"))

    link = page.url
    assert "source=gate+%26+co" in link
    page.goto("about:blank")
    page.goto(link)
    wait_for_frame(page, gate, 1)
    expect(page.get_by_label("Source", exact=True)).to_have_value(gate.name)
    expect(page.get_by_label("Label", exact=True)).to_have_value("car")
    expect(page.get_by_role("button", name="Slider")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Boxes")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    assert pixel(page, REDACTED, 100, 75, ".outline")[3] == 255
    assert pixel(page, REDACTED, 10, 70, ".outline")[3] == 0
    assert pixel(page, REDACTED, 202, 150, ".outline")[3] == 255, "where nobody looked"

    gate.send(2)
    page.goto("about:blank")
    page.goto(link)
    wait_for_frame(page, gate, 1)
    page.get_by_role("button", name="Continue").click()
    assert "pause" not in page.url
    page.get_by_role("link", name="Identification").click()
    expect(page.get_by_label("Source", exact=True)).to_have_value(gate.name)


def test_keys_change_camera_and_layout_and_show_one_picture_alone(
    viewing: Viewing, camera: Cameras, page: Page
) -> None:
    first, second = camera("key 1"), camera("key 2")
    first.send(1)
    second.send(2)
    open_page(page, viewing, "/redaction", first.name)
    wait_for_frame(page, first, 1)
    page.get_by_role("heading", name=REDACTED).click()
    page.keyboard.press("n")
    wait_for_frame(page, second, 2)
    page.keyboard.press("p")
    wait_for_frame(page, first, 1)
    page.keyboard.press("l")
    expect(page.get_by_role("button", name="Slider")).to_have_attribute("aria-pressed", "true")
    page.get_by_label("How far the picture before reaches").press("ArrowRight")
    left, right = (page.locator(f".pane[data-topic={topic}] .stage").bounding_box() for topic in (ANNOTATED, REDACTED))
    assert left == right, "one lies over the other"
    page.keyboard.press("l")
    expect(page.locator(".pane:visible")).to_have_count(1)
    page.keyboard.press("l")
    expect(page.locator(".pane:visible")).to_have_count(2)
    page.locator(f".pane[data-topic={REDACTED}] .stage").dblclick()
    page.wait_for_function("() => document.fullscreenElement !== null")
    expect(page.locator(".pane:visible")).to_have_attribute("data-topic", REDACTED)
    page.keyboard.press("f")
    expect(page.locator(".pane:visible")).to_have_count(2)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("the camera before, the next one")


def test_where_a_browser_has_no_full_screen_the_picture_fills_the_window(
    viewing: Viewing, camera: Cameras, page: Page
) -> None:
    page.add_init_script("delete Element.prototype.requestFullscreen")
    page.set_viewport_size({"width": 844, "height": 390})
    hall = camera("held sideways")
    hall.send(1)
    open_page(page, viewing, "/redaction", hall.name)
    wait_for_frame(page, hall, 1, panes=1)
    stage = page.locator(f".pane[data-topic={REDACTED}] .stage")
    shown = stage.bounding_box()
    assert shown
    assert shown["height"] > 390 * 0.6, "what one holds a telephone sideways for"
    page.keyboard.press("f")
    filled = page.locator(".panes.filled").bounding_box()
    assert filled
    assert (filled["x"], filled["y"], filled["width"], filled["height"]) == (0, 0, 844, 390)
    page.keyboard.press("f")
    expect(page.locator(".panes.filled")).to_have_count(0)


def test_the_theme_is_the_systems_until_one_is_chosen_which_stays(viewing: Viewing, page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(viewing.url)
    theme = page.locator("html")
    expect(theme).to_have_attribute("data-theme", "light")
    page.emulate_media(color_scheme="dark")
    expect(theme).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("button", name="Theme: dark").click()
    page.reload()
    expect(theme).to_have_attribute("data-theme", "light")


def test_names_that_turn_a_lines_direction_or_hide_something_stay_in_their_place(
    viewing: Viewing, camera: Cameras, page: Page
) -> None:
    tricky = camera("door\u202e\u200bgnp")
    tricky.send(1)
    open_page(page, viewing, f"/redaction?source={quote(tricky.name)}")
    wait_for_frame(page, tricky, 1)
    name = page.locator(f".pane[data-topic={REDACTED}] bdi.name")
    expect(name).to_have_text("door␣␣gnp")
