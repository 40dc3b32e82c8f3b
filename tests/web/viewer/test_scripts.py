"""The pages' scripts: how much of them a page loads, and that a browser keeps them until their content changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response

from tests.processes import PROJECT
from tests.web.viewing import Viewing

SCRIPT_BYTES = 60_000
SCRIPTS = sorted((PROJECT / "web/assets/static").glob("*.js"))


@pytest.mark.parametrize(
    "path", ["/", "/redaction?source=warm-up", "/wall", "/counts", "/alerts", "/check", "/cameras"]
)
def test_a_page_loads_less_than_60_kb_of_javascript(path: str, viewing: Viewing, page: Page) -> None:
    scripts: list[Response] = []
    page.on("response", lambda answer: scripts.append(answer) if answer.url.endswith(".js") else None)
    page.goto(viewing.url + path)
    page.locator(".strip" if "source" in path else ".toolbar").wait_for(state="attached")
    assert 0 < sum(len(script.body()) for script in scripts) < SCRIPT_BYTES


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_means_the_same_without_what_stands_in_it_for_its_readers(script: Path) -> None:
    lines = script.read_text("utf-8").splitlines()
    inside = [line for line in lines if line.count("`") % 2]
    assert inside == [], "no text goes over lines, whose blanks would be its own"
    behind = [line for line in lines if re.search(r"\S\s+//", line) and not re.search(r"[;{] //", line)]
    assert behind == [], "a comment stands on its own line, or behind the end of a statement or the begin of a block"


def test_scripts_are_kept_for_good_under_an_address_that_names_their_content(
    viewing: Viewing, browser: Browser
) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[Response] = []
    page.on("response", lambda answer: asked.append(answer) if "/static/" in answer.url else None)
    page.goto(viewing.url, wait_until="networkidle")
    loaded = {answer.url for answer in asked}
    assert any(url.endswith(".js") for url in loaded)
    asked.clear()
    page.goto(f"{viewing.url}/redaction", wait_until="networkidle")
    files = [answer for answer in asked if answer.url in loaded]
    assert files
    assert all(answer.headers["cache-control"] == "public, max-age=31536000, immutable" for answer in files)
    assert [answer.url for answer in files if answer.request.sizes()["responseBodySize"] > 0] == []
    address = files[0].url.rsplit("/", 2)
    assert page.request.get(f"{address[0]}/{'0' * 16}/{address[2]}").status == 404
    context.close()
