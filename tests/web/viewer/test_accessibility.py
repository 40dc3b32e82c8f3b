"""The pages by keyboard and screen reader: axe-core's rules, dark and light, large screen and phone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count as count_from
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, expect

from functions.core.frame import Detection
from tests.processes import IMAGEBUS, Process, free_port
from tests.wait import wait_until
from tests.web.alerting import alert, summary, tell
from tests.web.counting import NOON, count, counted
from tests.web.frames_of_chain import Camera
from tests.web.viewing import Viewing, open_page, start_viewer, wait_for_frame

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}


@pytest.mark.parametrize("path", ["/", "/imageai", "/redaction", "/wall", "/counts", "/alerts", "/check"])
@pytest.mark.parametrize(("scheme", "size"), [("dark", DESK), ("light", DESK), ("dark", PHONE)])
def test_a_page_breaks_no_accessibility_rule(
    path: str,
    scheme: Any,
    size: Any,
    viewing: Viewing,
    camera: Callable[[str], Camera],
    browser: Browser,
) -> None:
    shop = camera("shop")
    shop.send(1, detections=[Detection("person", 0.9, (10, 20, 60, 120)), Detection("car", 0.5, (100, 50, 200, 100))])
    # The page's own policy allows no script of a test's.
    context = browser.new_context(viewport=size, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    if path == "/wall":
        page.goto(viewing.url + path)
        page.locator(".pane[data-source=shop]").wait_for()
    elif path == "/counts":
        count(viewing.broker, counted("hour", "shop", 3), counted("hour", None, 3, 2, restarted_at=NOON))
        page.goto(viewing.url + path)
        page.locator(".bars svg g").first.wait_for()
        page.get_by_text("As a table").click()
    elif path == "/alerts":
        tell(viewing.broker, alert("night", "shop", 1, zone="gate"), summary("night", {"shop": 2, "yard": 1}))
        page.goto(viewing.url + path)
        page.locator(".alerts tbody tr").nth(1).wait_for()
    elif path == "/check":
        open_page(page, viewing, path, shop.name)
        sampled(page, shop)
    else:
        open_page(page, viewing, path, shop.name)
        wait_for_frame(page, shop, 1, panes=page.locator(".pane:visible").count())
    assert broken_rules(page) == []
    context.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_log_in_and_the_camera_page_break_none_either(scheme: Any, browser: Browser) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    page = browser.new_context(color_scheme=scheme, bypass_csp=True).new_page()
    with start_viewer(nowhere, env={"IMAGEBUS_OPERATOR_PASSWORD": "the operator's own"}) as viewing:
        wait_until(viewing.state, 20, "a viewer that answers")
        page.goto(viewing.url)
        assert broken_rules(page) == []
    port = str(free_port())
    key = {"KAFKA_URL": nowhere, "IMAGEBUS_CAMERA_KEY": "the key of the cameras"}
    with Process([*IMAGEBUS, "camera", "--port", port], env=key):
        wait_until(lambda: opens(page, f"http://127.0.0.1:{port}"), 20, "a camera page that answers")
        assert broken_rules(page) == []
    page.context.close()


def sampled(page: Page, camera: Camera) -> None:
    """Send frames until one of them is drawn."""
    seqs = count_from(10)
    while not page.locator(".check").get_attribute("data-sample"):
        camera.send(next(seqs), detections=[Detection("person", 0.9, (10, 20, 60, 120))])
    page.keyboard.press("1")
    expect(page.locator(".next")).to_have_text("1 can be seen: next")


def opens(page: Page, url: str) -> bool:
    try:
        page.goto(url)
    except Error:
        return False
    return True


def broken_rules(page: Page) -> list[tuple[str, list[str]]]:
    """Each rule of axe-core that a page breaks, with the elements that do."""
    broken = Axe().run(page).response["violations"]
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in broken]
