"""The wall: all sources of a topic at once."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from streams.kafka.embedded_broker import EmbeddedBroker
from tests.web.frames_of_chain import REDACTED, SOURCE, Camera
from tests.web.viewing import Viewing, shows, start_viewer, wait_for_frame
from web.live.client import MAX_VIEWS


def test_the_wall_shows_every_source_of_a_topic_in_the_order_of_their_names(
    viewing: Viewing, camera: Callable[[str], Camera], page: Page
) -> None:
    cameras = [camera(name) for name in ("c gate", "a door", "b yard")]
    for seq, each in enumerate(cameras, 1):
        each.send(seq)
    page.goto(f"{viewing.url}/wall")
    for seq, each in enumerate(cameras, 1):
        wait_for_frame(page, each, seq, panes=1)
    expect(page.locator(".wall .name")).to_contain_text(["a door", "b yard", "c gate"])

    page.get_by_label("Topic").select_option(SOURCE)
    page.locator(f".pane[data-topic={SOURCE}][data-source='a door']").wait_for()
    assert page.locator(f".pane[data-topic={REDACTED}]").count() == 0


def test_tiles_fill_the_window_and_mark_who_is_silent_or_in_doubt(viewing: Viewing, page: Page) -> None:
    with EmbeddedBroker() as broker, start_viewer(broker.url) as alone:
        alone.wait_until_ready()
        sure, unsure = Camera(broker.url, "a sure one"), Camera(broker.url, "b unsure one")
        page.goto(f"{alone.url}/wall")
        sure.send(1)
        unsure.send(1, [REDACTED], doubt="the camera moved or the light changed")
        wait_for_frame(page, unsure, 1, panes=1)
        tile = page.locator(".pane[data-tile='b unsure one']")
        expect(tile).to_have_class(re.compile("doubted"))
        expect(tile.locator(".wholly")).to_have_text("wholly hidden: the camera moved or the light changed")
        expect(page.locator(".pane[data-tile='a sure one'] .covered")).to_have_text("10 % hidden")
        expect(page.locator(".pane[data-tile='a sure one']")).to_have_class(re.compile("silent"))
        filled = page.evaluate(_FILLED)
        assert filled > 0.45

        page.get_by_label("Order").select_option("what is wrong first")
        expect(page.locator(".wall .pane").first).not_to_have_attribute("data-tile", "warm-up")
        page.get_by_role("link", name="Open a sure one").focus()
        for _ in range(3):
            page.keyboard.press(">")
        expect(page.locator(".wall .pane").last).to_have_attribute("data-tile", "a sure one")
        page.reload()
        expect(page.locator(".wall .pane").last).to_have_attribute("data-tile", "a sure one")
        expect(page.get_by_label("Order")).to_have_value("as I put them")


# The share of the window below the controls that tiles take, were their last row full.
_FILLED = """() => {
    const wall = document.querySelector(".wall");
    const { width, height } = wall.firstElementChild.getBoundingClientRect();
    const room = innerWidth * (innerHeight - wall.getBoundingClientRect().top);
    return (wall.children.length * width * height) / room;
}"""


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
    page.goto(f"{viewing.url}/redaction?source=narrow&width=160")
    door.send(5)
    wait_for_frame(page, door, 5)
    canvas = page.locator(f".pane[data-topic={REDACTED}] canvas").first
    assert canvas.evaluate("canvas => [canvas.width, canvas.height]") == [160, 120]


def test_a_wall_of_more_cameras_than_a_page_may_watch_watches_those_that_are_seen(
    viewing: Viewing, camera: Callable[[str], Camera], page: Page
) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "warning" else None)
    cameras = [camera(f"hall {at:02}") for at in range(MAX_VIEWS + 16)]
    for each in cameras:
        each.send(1, [REDACTED])
    page.goto(f"{viewing.url}/wall")
    expect(page.locator(".wall .pane[data-tile^='hall ']")).to_have_count(len(cameras))
    wait_for_frame(page, cameras[0], 1, panes=1)
    last = page.locator(f".pane[data-tile='{cameras[-1].name}']")
    assert last.get_attribute("data-id") is None
    last.scroll_into_view_if_needed()
    wait_for_frame(page, cameras[-1], 1, panes=1)
    assert refused == []
