"""The page of alerts: what rules told, live, for every role, by rule and camera, and what is missing without any."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from streams.kafka.embedded_broker import EmbeddedBroker
from streams.wire import counts
from streams.wire.alerts import ALERTS
from tests.bus import produce
from tests.streams.chains import STUB_CHAIN, environment
from tests.wait import wait_until
from tests.web.alerting import alert, summary, tell
from tests.web.auth.session import PASSWORDS, VIEWER, ask, log_in
from tests.web.viewing import Viewing, start_viewer
from web.alerts.latest import LatestAlerts

EVIL = "<b>gate\u202e=1+1"
MORE = """
[outputs.disk]
kind = "recording"
dir = "{}"

[alerts.night]
when = {{ label = "person", between = "22:00-06:00" }}

[alerts.crowd]
when = {{ label = "person", at_least = 20 }}
"""


@pytest.fixture(scope="module")
def viewing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewing]:
    """A viewer with both passwords, whose chain has two rules and a recording, on a bus without alerts."""
    folder = tmp_path_factory.mktemp("alerts")
    with EmbeddedBroker() as broker:
        env = environment(broker.url, folder, STUB_CHAIN + MORE.format(folder / "disk"))
        with start_viewer(broker.url, env=env | PASSWORDS) as viewing:
            wait_until(lambda: viewing.state().get("bus") == "ready", 60, "a viewer that holds its topics")
            yield viewing


@pytest.fixture(scope="module")
def cookie(viewing: Viewing) -> str:
    """A session of the role viewer."""
    return log_in(viewing, VIEWER)


@pytest.fixture
def viewers_page(viewing: Viewing, cookie: str, page: Page) -> Page:
    """A browser's page of that session."""
    name, _, value = cookie.partition("=")
    page.context.add_cookies([{"name": name, "value": value, "url": viewing.url}])
    return page


def listed(viewing: Viewing, cookie: str, query: str = "") -> dict[str, Any]:
    """What the page asks for."""
    answer = ask(viewing, f"/alerts/list{query}", Cookie=cookie)
    assert answer.status == 200
    return dict(json.loads(answer.text))


def rows(page: Page) -> list[list[str]]:
    """What stands in each row, without its time and its links."""
    cells = [row.locator("td").all_inner_texts() for row in page.locator(".alerts tbody tr").all()]
    return [[" ".join(cell.split()) for cell in row[:4]] for row in cells]


def test_a_page_without_alerts_says_what_is_missing_and_alerts_come_by_themselves(
    viewing: Viewing, viewers_page: Page
) -> None:
    page = viewers_page
    page.goto(f"{viewing.url}/alerts")
    expect(page.locator(".lacking")).to_contain_text("Nothing judges the rules yet: this does")
    expect(page.locator(".lacking code")).to_have_text("imagebus notify")
    tell(viewing.broker, alert("night", "yard", 1, count=2, zone="gate", ago_s=90, for_s=5))
    expect(page.locator(".alerts tbody tr")).to_have_count(1)
    expect(page.locator(".lacking")).to_be_hidden()
    assert rows(page) == [["night", "yard", "2 \N{MULTIPLICATION SIGN} person in gate", "5.0 s"]]
    expect(page.locator(".alerts tbody th")).to_contain_text(re.compile(r"(9\d|1\d\d) s ago"))
    expect(page.get_by_role("link", name="Alerts")).to_have_attribute("aria-current", "page")


def test_alerts_stand_with_the_newest_first_once_each_and_lead_to_the_camera_and_the_recording(
    viewing: Viewing, viewers_page: Page
) -> None:
    first, last = alert("night", "yard", 2, ago_s=60), alert("crowd", "hall", 1, count=21, ago_s=30, for_s=600)
    tell(viewing.broker, first, last, first)
    produce(viewing.broker, ALERTS, "none", b"no alert")
    tell(viewing.broker, summary("night", {"yard": 5, "door": 2}, others=7, ago_s=10, for_s=3000))
    page = viewers_page
    page.goto(f"{viewing.url}/alerts?source=hall")
    expect(page.locator(".alerts tbody tr")).to_have_count(1)
    look = page.locator(".alerts tbody td").last
    expect(look.get_by_role("link", name="Live")).to_have_attribute("href", "/redaction?source=hall")
    link = look.get_by_role("link", name="Playback").get_attribute("href")
    assert re.fullmatch(r"/playback\?source=hall&at=\d{4}-\d\d-\d\dT\d\d%3A\d\d%3A\d\d\.\d{3}Z", link or "")
    page.get_by_label("Camera").select_option("all cameras")
    expect(page.locator(".alerts tbody tr")).to_have_count(4)
    assert rows(page)[:3] == [
        ["night", "over 2 cameras", "14 more alerts, held back yard 5 door 2", "50 min"],
        ["crowd", "hall", "21 \N{MULTIPLICATION SIGN} person", "10 min"],
        ["night", "yard", "1 \N{MULTIPLICATION SIGN} person", "at once"],
    ]
    page.get_by_label("Rule").select_option("crowd")
    expect(page.locator(".alerts tbody tr")).to_have_count(1)
    assert page.url.endswith("/alerts?rule=crowd")
    page.reload()
    expect(page.locator(".alerts tbody tr")).to_have_count(1)
    page.goto(f"{viewing.url}/alerts?rule=crowd&source=yard")
    expect(page.locator(".lacking")).to_contain_text("No alert of this rule and this camera")


def test_strangers_names_are_text_and_a_telephone_shows_all_of_it(viewing: Viewing, viewers_page: Page) -> None:
    tell(viewing.broker, alert("evil", EVIL, 1, zone="\u202e" * 64), alert("evil", "x" * 128, 2))
    page = viewers_page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{viewing.url}/alerts?rule=evil")
    expect(page.locator(".alerts tbody bdi").filter(has_text="<b>gate␣=1+1")).to_be_visible()
    assert page.locator("b").count() == 0
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_who_has_no_session_is_told_nothing_and_a_filter_is_no_more_than_that(viewing: Viewing, cookie: str) -> None:
    tell(viewing.broker, alert("night", "cellar", 9))
    wait_until(lambda: listed(viewing, cookie, "?source=cellar")["total"], 20, "an alert")
    assert ask(viewing, "/alerts/list").status == 401
    whole = listed(viewing, cookie)
    assert (whole["has_rules"], whole["has_topic"]) == (True, True)
    assert {"night", "crowd"} <= {*whole["rules"]}
    for odd in ("?rule=%00", "?source=%ff", f"?rule={'x' * 4000}", "?source=", "?rule=night&rule=crowd"):
        assert listed(viewing, cookie, odd)["total"] in (0, len(listed(viewing, cookie, "?rule=night")["alerts"]))


def test_so_many_are_kept_and_what_comes_twice_is_kept_once() -> None:
    latest = LatestAlerts(most=3)
    for number in (1, 2, 2, 3, 4):
        latest.take(counts.encode(alert("night", f"camera {number}", number, ago_s=10 - number)))
    assert [each.id for each in latest.of(None, None)] == ["night-4", "night-3", "night-2"]
    assert latest.sources == ["camera 2", "camera 3", "camera 4"]
