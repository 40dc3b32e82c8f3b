"""The pages in a real browser: pictures side by side, what was found in them, and what is said where none come."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from functions.core.frame import Detection
from streams.kafka.embedded_broker import EmbeddedBroker
from tests.bus import produce
from tests.processes import free_port
from tests.wait import wait_until
from tests.web.frames_of_chain import ANNOTATED, REDACTED, SOURCE, Camera
from tests.web.viewing import Viewing, open_page, pixel, shows, start_viewer, wait_for_frame

Cameras = Callable[[str], Camera]
PERSON = Detection("person", 0.941, (10, 20, 60, 120))
CAR = Detection("car", 0.5, (100, 50, 200, 100), track=3)


@pytest.mark.parametrize(
    ("path", "left", "right"),
    [("/", SOURCE, ANNOTATED), ("/imageai", SOURCE, ANNOTATED), ("/redaction", ANNOTATED, REDACTED)],
)
def test_each_page_shows_the_same_frame_of_its_two_topics(
    path: str, left: str, right: str, viewing: Viewing, camera: Cameras, page: Page
) -> None:
    door = camera(f"door of {path}")
    door.send(5)
    open_page(page, viewing, f"{path}?layout=pair", door.name)
    wait_for_frame(page, door, 5)
    assert shows(page, left, 5)
    assert shows(page, right, 5)

    door.send(6)
    wait_for_frame(page, door, 6)
    assert shows(page, left, 6)
    assert shows(page, right, 6)


def test_any_two_topics_have_their_page(viewing: Viewing, camera: Cameras, page: Page) -> None:
    door = camera("pair")
    door.send(1)
    open_page(page, viewing, f"/pair/{SOURCE}/{REDACTED}", door.name)
    wait_for_frame(page, door, 1)
    assert page.request.get(f"{viewing.url}/pair/{SOURCE}/PASSWORDS").status == 404


def test_the_source_side_waits_for_the_slower_side(viewing: Viewing, camera: Cameras, page: Page) -> None:
    slow = camera("slow stages")
    slow.send(1)
    open_page(page, viewing, "/", slow.name)
    wait_for_frame(page, slow, 1)
    for seq in (2, 3, 4, 5):
        slow.send(seq, [SOURCE])
    slow.send(3, [ANNOTATED])
    wait_for_frame(page, slow, 3)
    assert shows(page, SOURCE, 3)
    assert shows(page, ANNOTATED, 3)


def test_a_caption_says_whose_frame_it_is_and_when_it_was_captured(
    viewing: Viewing, camera: Cameras, page: Page
) -> None:
    gate = camera("gate")
    frame = gate.send(1230)
    open_page(page, viewing, "/redaction", gate.name)
    wait_for_frame(page, gate, 1230)
    pane = page.locator(f".pane[data-topic={REDACTED}]")
    expect(pane.locator(".name")).to_have_text("gate")
    expect(pane.locator(".reference")).to_have_text("#1230")
    expect(pane.locator(".mark")).to_have_text("redacted")
    expect(pane.locator(".title")).to_have_text("People hidden")
    expect(pane.locator(".covered")).to_have_text("10 % hidden")
    expect(pane.locator(".doubt")).to_have_text("nothing in doubt")
    expect(pane.locator(".age")).to_have_text(re.compile(r"age \d+(\.\d)? s"))
    here = page.evaluate(
        "us => new Date(us / 1000).toLocaleTimeString([], {minute: '2-digit', second: '2-digit'})", frame.captured_at
    )
    expect(pane.locator("time")).to_contain_text(here)
    expect(page.locator(f".pane[data-topic={ANNOTATED}] .mark")).to_have_text("raw, annotated")


def test_details_say_how_fast_and_what_was_found_and_hidden(viewing: Viewing, camera: Cameras, page: Page) -> None:
    shop = camera("shop")
    shop.send(1, detections=[PERSON, CAR])
    open_page(page, viewing, "/redaction", shop.name)
    wait_for_frame(page, shop, 1)
    shop.send(2, detections=[PERSON, CAR])
    wait_for_frame(page, shop, 2)
    rows = page.locator(".details tbody tr")
    expect(rows.nth(0).locator("td")).to_have_text(["1", "person", "94.1 %", "10,20 to 60,120", "hidden"])
    expect(rows.nth(1).locator("td")).to_have_text(["2", "car 3", "50.0 %", "100,50 to 200,100", ""])
    expect(rows.nth(0)).to_have_class("hidden-row")
    expect(page.locator(".labels .hidden-label")).to_contain_text("person")
    expect(page.locator(".labels .found")).to_contain_text("car")
    expect(page.locator(".speed li")).to_have_text(["detect61 ms(average 58)", "redact7.0 ms(average 7.0)"])
    expect(page.locator(".delay li .what")).to_have_text(["bus", "detect", "bus", "redact", "bus", "page"])
    expect(page.locator(".delay .total")).to_have_text(re.compile(r"\d\.\d\d s"))
    assert max(pixel(page, REDACTED, 35, 70)[:3]) < 20


@pytest.mark.parametrize("layout", ["pair", "single"])
def test_what_was_found_begins_above_the_fold_and_the_last_hour_stands_beside_it(
    layout: str, viewing: Viewing, camera: Cameras, page: Page
) -> None:
    yard = camera("above the fold")
    yard.send(1, detections=[PERSON, CAR])
    open_page(page, viewing, f"/redaction?layout={layout}", yard.name)
    wait_for_frame(page, yard, 1, panes=2 if layout == "pair" else 1)
    first, strip = page.locator(".details tbody tr").first, page.locator(".strip")
    for width, height in ((1280, 800), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        expect(strip).to_be_visible()
        row, hour = first.bounding_box(), strip.bounding_box()
        assert row
        assert hour
        assert row["y"] + row["height"] <= height
        assert hour["x"] >= row["x"] + row["width"]


def test_pointing_at_a_row_outlines_its_box_on_both_pictures(viewing: Viewing, camera: Cameras, page: Page) -> None:
    shop = camera("outlined")
    shop.send(1, detections=[PERSON])
    open_page(page, viewing, "/redaction", shop.name)
    wait_for_frame(page, shop, 1)
    assert pixel(page, REDACTED, 10, 70, ".outline")[3] == 0
    page.locator(".details tbody tr").hover()
    for topic in (ANNOTATED, REDACTED):
        assert pixel(page, topic, 10, 70, ".outline")[3] == 255
        assert pixel(page, topic, 35, 70, ".outline")[3] == 0


def test_names_and_labels_are_text_whatever_they_hold(viewing: Viewing, camera: Cameras, page: Page) -> None:
    name, label = "<img src=x onerror=alert(1)>", "</td><script>alert(2)</script>"
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    evil = camera(name)
    evil.send(1, detections=[Detection(label, 0.9, (1, 1, 20, 20))])
    open_page(page, viewing, "/redaction", name)
    wait_for_frame(page, evil, 1)
    expect(page.locator(f".pane[data-topic={REDACTED}] .name")).to_have_text(name)
    expect(page.locator(".details tbody td").nth(1)).to_have_text(label)
    assert page.locator("img, td script").count() == 0
    assert asked == []


def test_one_source_can_be_chosen_and_all_of_them(viewing: Viewing, camera: Cameras, page: Page) -> None:
    one, other = camera("first of two"), camera("second of two")
    one.send(1)
    other.send(1)
    open_page(page, viewing, "/", one.name)
    wait_for_frame(page, one, 1)
    page.get_by_label("Source", exact=True).select_option(other.name)
    wait_for_frame(page, other, 1)
    one.send(2)
    other.send(2)
    wait_for_frame(page, other, 2)
    assert page.locator(f".pane[data-source='{one.name}']").count() == 0


def test_a_source_that_went_silent_is_dimmed_and_its_seconds_counted(
    viewing: Viewing, camera: Cameras, page: Page
) -> None:
    tired = camera("tired")
    tired.send(1)
    open_page(page, viewing, "/", tired.name)
    wait_for_frame(page, tired, 1)
    note = page.locator(f".pane[data-topic={SOURCE}] .note")
    expect(note).to_contain_text("tired is silent for")
    expect(page.locator(".delay .total")).to_contain_text("none: silent for")
    expect(page.locator(f".pane[data-topic={SOURCE}] .stage")).to_have_class("stage stale")
    tired.send(2)
    expect(note).to_be_hidden()


def test_a_stage_that_stopped_dims_both_sides_although_the_source_goes_on(
    viewing: Viewing, camera: Cameras, page: Page
) -> None:
    door = camera("before a stopped stage")
    door.send(1)
    open_page(page, viewing, "/", door.name)
    wait_for_frame(page, door, 1)
    left, right = (page.locator(f".pane[data-topic={topic}]") for topic in (SOURCE, ANNOTATED))
    seqs = iter(range(2, 10_000))

    def both_dimmed() -> bool:
        door.send(next(seqs), [SOURCE])
        return page.locator(".stage.stale").count() == 2

    wait_until(both_dimmed, 20, "both sides dimmed")
    expect(left.locator(".note")).to_have_text("SOURCE_FRAME goes on, ANNOTATED_FRAME does not")
    expect(right.locator(".note")).to_contain_text("before a stopped stage is silent for")
    wait_for_frame(page, door, 1)


def test_a_page_without_frames_has_looked_and_says_which_part_is_missing_and_what_to_type(page: Page) -> None:
    with EmbeddedBroker() as broker, start_viewer(broker.url, env={"CAMERA_PORT": str(free_port())}) as empty:
        wait_until(empty.state, 20, "a viewer that answers")
        page.goto(empty.url)
        missing = page.locator(".pane .lacking")
        expect(missing.nth(0).locator("p").first).to_have_text("No camera sends SOURCE_FRAME")
        expect(missing.nth(0).locator("code")).to_have_text("imagebus produce VIDEO -t SOURCE_FRAME")
        expect(missing.nth(1)).to_contain_text("Nothing on ANNOTATED_FRAME yet: it needs a camera, and a worker")
        expect(page.locator("#status")).to_have_text("no camera yet")
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        missing.nth(1).get_by_role("button", name="Copy").click()
        expect(missing.nth(1).get_by_role("button")).to_have_text("Copied")
        copied = page.evaluate("() => navigator.clipboard.readText()")
        assert copied == "IMAGEBUS_STAGES=annotate faust -A streams worker"
        tried = page.request.get(f"{empty.url}/try", max_redirects=0)
        assert tried.status == 404
        assert "imagebus camera" in tried.text()

        Camera(broker.url, "alone").send(1, [SOURCE])
        expect(missing.nth(1).locator("p").first).to_have_text("No worker writes ANNOTATED_FRAME")
        page.wait_for_load_state("networkidle")  # a viewer that ends may cut off what the page still loads


def test_a_record_that_cannot_be_read_is_counted_and_passed_over(viewing: Viewing, camera: Cameras, page: Page) -> None:
    before = viewing.state()["bad"]
    produce(viewing.broker, SOURCE, "broken", b"\x81\xa1v\x01")
    produce(viewing.broker, SOURCE, "broken", None)
    wait_until(lambda: viewing.state()["bad"] == before + 2, 10, "two bad records counted")
    sound = camera("sound")
    sound.send(1)
    open_page(page, viewing, "/", sound.name)
    wait_for_frame(page, sound, 1)


@pytest.mark.parametrize("path", ["/", "/redaction"])
def test_on_a_phone_nothing_is_wider_than_the_screen(path: str, viewing: Viewing, camera: Cameras, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    door = camera("a camera whose name is longer than any telephone is wide, and then some more of it")
    door.send(1, detections=[PERSON, CAR])
    open_page(page, viewing, f"{path}?layout=pair", door.name)
    wait_for_frame(page, door, 1)
    # The table is written anew a moment later than the pictures.
    expect(page.locator(".details tbody td:nth-child(2)")).to_have_text(["person", "car 3"] if path != "/" else [])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    cut = "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.textContent)"
    assert page.locator(".details td, .details th").evaluate_all(cut) == []
    first, second = (page.locator(".pane").nth(at).bounding_box() for at in (0, 1))
    assert first
    assert second
    assert second["y"] >= first["y"] + first["height"]


def test_small_plots_count_frames_and_what_was_found(viewing: Viewing, camera: Cameras, page: Page) -> None:
    busy = camera("busy street")
    busy.send(1, detections=[PERSON, PERSON, CAR])
    open_page(page, viewing, "/redaction", busy.name)
    wait_for_frame(page, busy, 1)
    seqs = iter(range(2, 10_000))
    plots = page.locator(".plots figure")

    def counted() -> bool:
        busy.send(next(seqs), detections=[PERSON, PERSON, CAR])
        numbers = plots.locator(".number").all_text_contents()
        counted = len(numbers) == 4 and numbers[0][0] in "123456789" and numbers[2:] == ["2.0 a frame", "1.0 a frame"]
        return counted and all(plots.nth(at).locator("canvas").evaluate(drawn) for at in range(4))

    drawn = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"
    wait_until(counted, 10, "frames/s, delay, and two persons and a car a frame")
    assert plots.locator(".what").all_text_contents() == ["frames", "delay", "person", "car"]
    assert [text.split()[1] for text in plots.locator(".number").all_text_contents()[:2]] == ["frames/s", "ms"]
    assert plots.locator(".highest").all_text_contents()[2:] == ["2", "1"]
    plots.nth(2).locator("canvas").hover(position={"x": 218, "y": 20})
    expect(plots.nth(2).locator(".number")).to_contain_text("s ago")

    page.get_by_role("region", name="The last three minutes").get_by_text("As a table").click()
    heads = ["seconds ago", "frames, frames/s", "delay, ms", "person, a frame", "car, a frame"]
    expect(page.locator(".plots th")).to_have_text(heads)
    expect(page.locator(".plots tbody tr").first.locator("td").nth(3)).to_have_text("2.0")


def test_a_pause_is_a_gap_in_the_plots_and_another_camera_has_its_own(
    viewing: Viewing, camera: Cameras, page: Page
) -> None:
    door, gate = camera("plotted door"), camera("plotted gate")
    number = page.locator(".plots .number").first
    page.add_init_script(
        "window.rates = []; new MutationObserver(() => {"
        " const at = document.querySelector('.plots .number'); if (at) rates.push(at.textContent) })"
        ".observe(document, { subtree: true, childList: true })"
    )
    door.send(1)
    open_page(page, viewing, "/redaction", door.name)
    wait_for_frame(page, door, 1)
    seqs = iter(range(2, 10_000))

    def reads(text: str) -> bool:
        seq = next(seqs)
        door.send(seq)
        gate.send(seq)
        return bool(page.evaluate("text => rates.some(rate => rate.includes(text))", text))

    def passed() -> bool:
        return reads("frames/s") and "3 frames passed" in (note.text_content() or "")

    wait_until(lambda: reads("frames/s"), 20, "a rate of the door")
    page.get_by_role("button", name="Pause").click()
    note = page.locator(f".pane[data-topic={REDACTED}] .note")
    expect(note).to_contain_text("Paused")
    at_pause = number.text_content()
    wait_until(passed, 20, "frames that pass")
    assert number.text_content() == at_pause
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Source", exact=True).select_option(gate.name)
    page.evaluate("() => { window.rates = [] }")
    wait_until(lambda: reads("\N{EN DASH}"), 20, "the gap before the gate")
    wait_until(lambda: reads("frames/s"), 20, "a rate of the gate")
