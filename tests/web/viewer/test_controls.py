"""The controls of a page: stop and look back, filter, save a picture, full screen, and the keys for all of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from functions.core.frame import Detection
from tests.web.frames_of_chain import ANNOTATED, REDACTED, SOURCE, Camera
from tests.web.viewing import Viewing, open_page, pixel, shows, wait_for_frame

Cameras = Callable[[str], Camera]
PERSON = Detection("person", 0.9, (10, 20, 60, 120))
CAR = Detection("car", 0.5, (100, 50, 200, 100))


@pytest.fixture
def street(viewing: Viewing, camera: Cameras, page: Page, request: pytest.FixtureRequest) -> Camera:
    """A source of this test's own, of which the page has shown frames 1, 2 and 3."""
    street = camera(request.node.name)
    street.send(1, detections=[PERSON, CAR])
    open_page(page, viewing, "/redaction", street.name)
    wait_for_frame(page, street, 1)
    for seq in (2, 3):
        street.send(seq, detections=[PERSON, CAR])
        wait_for_frame(page, street, seq)
    return street


def test_pause_holds_a_frame_and_counts_what_passes_and_continue_goes_on(street: Camera, page: Page) -> None:
    page.get_by_role("button", name="Pause").click()
    street.send(4)
    street.send(5)
    note = page.locator(f".pane[data-topic={REDACTED}] .note")
    expect(note).to_have_text("Paused · 2 frames passed since")
    assert shows(page, REDACTED, 3)

    page.get_by_role("button", name="Continue").click()
    street.send(6)
    wait_for_frame(page, street, 6)
    expect(note).to_be_hidden()


def test_back_and_forward_step_through_the_last_frames_on_both_sides(street: Camera, page: Page) -> None:
    back, forward = page.get_by_role("button", name="Back"), page.get_by_role("button", name="Forward")
    back.click()
    wait_for_frame(page, street, 2)
    assert shows(page, ANNOTATED, 2)
    assert shows(page, REDACTED, 2)
    back.click()
    wait_for_frame(page, street, 1)
    back.click()
    wait_for_frame(page, street, 1)
    street.send(4)
    expect(page.locator(".pane .note").first).to_have_text("Paused · 1 frame passed since")
    for seq in (2, 3, 4):
        forward.click()
        wait_for_frame(page, street, seq)


def test_a_label_can_be_chosen_and_is_outlined(street: Camera, page: Page) -> None:
    labels = page.locator(".details tbody tr td:nth-child(2)")
    expect(labels).to_have_text(["person", "car"])
    page.get_by_label("Label", exact=True).select_option("car")
    expect(labels).to_have_text(["car"])
    expect(page.locator(".details tbody tr td:nth-child(1)")).to_have_text(["2"])
    for topic in (ANNOTATED, REDACTED):
        assert pixel(page, topic, 100, 75, ".outline")[3] == 255
        assert pixel(page, topic, 10, 70, ".outline")[3] == 0
    page.get_by_label("Label", exact=True).select_option("")
    expect(labels).to_have_text(["person", "car"])


def test_a_snapshot_is_the_right_pictures_own_bytes(
    viewing: Viewing, camera: Cameras, page: Page, tmp_path: Path
) -> None:
    gate = camera("../gate <1>")
    sent = gate.send(7, detections=[PERSON])
    open_page(page, viewing, "/redaction", gate.name)
    wait_for_frame(page, gate, 7)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Snapshot").click()
    assert downloading.value.suggested_filename == "_gate_1_-7-REDACTION_FRAME.jpg"
    downloading.value.save_as(tmp_path / "snapshot.jpg")
    assert (tmp_path / "snapshot.jpg").read_bytes() == sent.jpeg


def test_keys_do_what_the_buttons_do(street: Camera, page: Page) -> None:
    page.get_by_role("heading", name=REDACTED).click()  # a choice that has the focus keeps its keys
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    wait_for_frame(page, street, 2)
    page.keyboard.press("ArrowRight")
    wait_for_frame(page, street, 3)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement?.className === 'panes'")  # no expression: no eval
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement === null")
    with page.expect_download() as saved:
        page.keyboard.press("s")
    saved.value.path()  # a download that has only begun may end the change to another page
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.keyboard.press("1")
    expect(page).to_have_title("Identification · imagebus")
    wait_for_frame(page, street, 3)
    assert shows(page, SOURCE, 3)


def test_keys_are_the_pages_too_while_a_button_has_the_focus(street: Camera, page: Page) -> None:
    page.get_by_role("button", name="Pause").click()
    page.keyboard.press("ArrowLeft")
    wait_for_frame(page, street, 2)
    page.keyboard.press("Space")  # is the button's own: once, not twice
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_a_key_in_the_moment_that_the_list_of_keys_is_closed_is_not_lost(street: Camera, page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    with page.expect_navigation():
        page.evaluate(_CLOSE_AND_PRESS, "1")
    expect(page).to_have_title("Identification · imagebus")


# Before the next frame the focus is where it was, on a button that is hidden now.
_CLOSE_AND_PRESS = """key => {
    document.querySelector("dialog").close();
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}"""


def test_the_chosen_source_is_kept_from_page_to_page(street: Camera, page: Page) -> None:
    page.get_by_role("link", name="ImageAI").click()
    expect(page.get_by_label("Source", exact=True)).to_have_value(street.name)


def test_a_hidden_tab_stops_receiving(viewing: Viewing, camera: Cameras, page: Page) -> None:
    pictures: list[object] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: pictures.append(data)))
    yard = camera("hidden tab")
    yard.send(1)
    open_page(page, viewing, "/", yard.name)
    wait_for_frame(page, yard, 1)
    page.evaluate(_HIDE, True)
    _wait_for_text(page, pictures)
    for seq in (2, 3):
        yard.send(seq)
    _wait_for_text(page, pictures)
    assert [data for data in pictures if isinstance(data, bytes)] == []
    page.evaluate(_HIDE, False)
    wait_for_frame(page, yard, 3)


_HIDE = """hidden => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def _wait_for_text(page: Page, received: list[object]) -> None:
    """Until the viewer has said its state once more, hence has done all that it was asked for before."""
    received.clear()
    while sum(isinstance(data, str) for data in received) < 2:
        page.wait_for_timeout(50)
