"""The wall: all sources of a topic at once."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.web.frames_of_chain import REDACTED, SOURCE, Camera
from tests.web.viewing import Viewing, shows, wait_for_frame


def test_the_wall_shows_every_source_of_a_topic_in_the_order_of_their_names(
    viewing: Viewing, camera: Callable[[str], Camera], page: Page
) -> None:
    cameras = [camera(name) for name in ("c gate", "a door", "b yard")]
    for seq, each in enumerate(cameras, 1):
        each.send(seq)
    page.goto(f"{viewing.url}/wall")
    for seq, each in enumerate(cameras, 1):
        wait_for_frame(page, each, seq, panes=1)
    names = [name for name in page.locator(".wall .name").all_text_contents() if name != "warm-up"]
    assert names == ["a door", "b yard", "c gate"]

    page.get_by_label("Topic").select_option(SOURCE)
    page.locator(f".pane[data-topic={SOURCE}][data-source='a door']").wait_for()
    assert page.locator(f".pane[data-topic={REDACTED}]").count() == 0


def test_a_tile_opens_its_source_large(viewing: Viewing, camera: Callable[[str], Camera], page: Page) -> None:
    hall = camera("hall")
    hall.send(9)
    page.goto(f"{viewing.url}/wall")
    wait_for_frame(page, hall, 9, panes=1)
    page.get_by_role("link", name="Open hall").click()
    expect(page).to_have_title("Redaction · imagebus")
    wait_for_frame(page, hall, 9)
    assert shows(page, REDACTED, 9)


def test_the_wall_can_be_held(viewing: Viewing, camera: Callable[[str], Camera], page: Page) -> None:
    lift = camera("lift")
    lift.send(1)
    page.goto(f"{viewing.url}/wall")
    wait_for_frame(page, lift, 1, panes=1)
    page.get_by_role("button", name="Pause").click()
    note = page.locator(".pane[data-source=lift] .note")
    expect(note).to_have_text("Paused")
    lift.send(2)
    page.get_by_role("button", name="Continue").click()
    lift.send(3)
    wait_for_frame(page, lift, 3, panes=1)
    expect(note).to_be_hidden()


def test_a_page_with_a_width_gets_pictures_of_that_width(
    viewing: Viewing, camera: Callable[[str], Camera], page: Page
) -> None:
    door = camera("narrow")
    page.add_init_script("sessionStorage.setItem('source', 'narrow')")
    page.goto(f"{viewing.url}/redaction?width=160")
    door.send(5)
    wait_for_frame(page, door, 5)
    canvas = page.locator(f".pane[data-topic={REDACTED}] canvas").first
    assert canvas.evaluate("canvas => [canvas.width, canvas.height]") == [160, 120]
