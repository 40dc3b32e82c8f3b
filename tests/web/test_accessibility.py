"""The pages by keyboard and screen reader: axe-core's rules, dark and light, large screen and phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from functions.frame import Detection
from tests.web.camera import Camera
from tests.web.viewing import Viewing, open_page, wait_for_frame

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}


@pytest.mark.parametrize("path", ["/", "/imageai", "/redaction", "/wall"])
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
    else:
        open_page(page, viewing, path, shop.name)
        wait_for_frame(page, shop, 1)
    broken = Axe().run(page).response["violations"]
    context.close()
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in broken] == []
