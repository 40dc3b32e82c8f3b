"""Every camera in numbers, and its last hour: for operators and, as far as they may know of it, for viewers."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from msgspec import structs
from playwright.sync_api import Browser, Page, expect

from functions.core.frame import Redaction
from streams.kafka.embedded_broker import EmbeddedBroker
from streams.wire import counts, records
from streams.wire.cameras import CameraState
from tests.bus import produce
from tests.streams.zones.test_known import LEFT, drawn
from tests.wait import wait_until
from tests.web.auth.session import OPERATOR, PASSWORDS, VIEWER, ask, log_in
from tests.web.frames_of_chain import REDACTED, SOURCE, Camera
from tests.web.viewer.test_accessibility import broken_rules
from tests.web.viewing import WARM_UP, Viewing, start_viewer

EVIL = "<b>=1+1"
SECRET = "connection refused by 10.0.0.7"


def state(source: str, **other: Any) -> CameraState:
    """What a producer says of a camera."""
    now = time.time_ns() // 1000
    said = CameraState(
        source=source, run="0" * 12, topic=SOURCE, state="running", since=1, started_at=now, updated_at=now
    )
    return structs.replace(said, **other)


def redacted(camera: Camera, seq: int, covered: float, doubt: str | None = None) -> bytes:
    """A frame of which so much is hidden."""
    frame = replace(camera.frame(seq), redaction=Redaction(("person",), "solid", covered, doubt))
    return records.encode(records.from_frame(frame))


_seqs = count()


def say_again(bus: str) -> None:
    """What has to be told again and again: states, and frames of a camera that tells none."""
    for told in (
        state("yard", size_wh=(1280, 720), codec="h264", fps_in=25.0, fps_out=4.9),
        state("attic", state="lost", last_error=SECRET),
    ):
        produce(bus, "CAMERAS", told.source, counts.encode(told))
    produce(bus, REDACTED, EVIL, redacted(Camera(bus, EVIL), next(_seqs), 1.0, "the camera moves"))


@pytest.fixture(scope="module")
def viewing() -> Iterator[Viewing]:
    """A viewer with both passwords, and four cameras: well, in doubt, lost, and one that nobody redacts."""
    with EmbeddedBroker() as broker, start_viewer(broker.url, env=PASSWORDS) as viewing:
        viewing.wait_until_ready()

        yard = Camera(broker.url, "yard")
        for seq in range(4):
            yard.send(seq, [SOURCE])
            produce(broker.url, REDACTED, "yard", redacted(yard, seq, 0.1 + 0.1 * seq))
        say_again(broker.url)
        Camera(broker.url, "porch").send(1, [SOURCE])
        value = drawn("yard", LEFT)
        produce(broker.url, "ZONES", value.key, value.value)
        yield viewing


def listed(viewing: Viewing, password: str) -> dict[str, dict[str, Any]]:
    """The rows that a role gets, by name."""
    answer = ask(viewing, "/cameras/list", Cookie=_cookie(viewing, password))
    assert answer.status == 200
    return {row["name"]: row for row in json.loads(answer.text) if row["name"] != WARM_UP}


_cookies: dict[tuple[str, str], str] = {}


def _cookie(viewing: Viewing, password: str) -> str:
    key = viewing.url, password
    _cookies[key] = _cookies.get(key) or log_in(viewing, password)
    return _cookies[key]


@pytest.fixture
def opened(viewing: Viewing, browser: Browser) -> Callable[..., Any]:
    """A page of a role, opened."""

    @contextmanager
    def opened(path: str, password: str, **options: Any) -> Iterator[Page]:
        context = browser.new_context(**options)
        name, _, value = _cookie(viewing, password).partition("=")
        context.add_cookies([{"name": name, "value": value, "url": viewing.url}])
        page = context.new_page()
        page.goto(viewing.url + path)
        yield page
        context.close()

    return opened


def test_an_operator_is_told_of_every_camera_what_it_is_and_what_to_do(viewing: Viewing) -> None:

    def told() -> dict[str, dict[str, Any]] | None:
        say_again(viewing.broker)
        rows = listed(viewing, OPERATOR)
        words = [rows[name]["word"] for name in ("yard", EVIL, "attic", "porch")] if len(rows) == 4 else []
        whole = words[:3] == ["live", "in doubt", "lost"] and rows["yard"]["hour"]["frames"] == 4
        return rows if whole and rows["yard"]["zones"] else None

    rows = wait_until(told, 60, "four cameras")
    yard = rows["yard"]
    assert (yard["size_wh"], yard["codec"], yard["sent_fps"]) == ([1280, 720], "h264", 4.9)
    assert (yard["what"], yard["zones"], yard["check"]) == ("", 1, None)
    assert yard["hour"]["covered"] == pytest.approx(0.25)
    assert (yard["hour"]["doubts"], yard["hour"]["missing"]) == (0, 0)
    assert rows[EVIL]["covered"] == 1.0
    assert "the camera moves" in rows[EVIL]["what"]
    assert (rows["attic"]["error"], rows["attic"]["command"]) == (SECRET, "imagebus cameras --list")
    assert rows["porch"]["covered"] is None
    assert next(iter(rows)) in ("attic", EVIL)  # who wants somebody comes first


def test_a_viewer_is_told_of_those_whose_redacted_frames_there_are_and_no_secret(viewing: Viewing) -> None:
    wait_until(lambda: len(listed(viewing, VIEWER)) == 2, 30, "two cameras")
    rows = listed(viewing, VIEWER)
    assert set(rows) == {"yard", EVIL}
    assert {(row["error"], row["zones"], row["command"]) for row in rows.values()} == {(None, None, "")}
    text = ask(viewing, "/cameras/list", Cookie=_cookie(viewing, VIEWER)).text
    assert not any(word in text for word in (SECRET, "attic", "porch"))
    for path in ("/redaction/hour?source=porch", "/redaction.csv?source=porch"):
        assert ask(viewing, path, Cookie=_cookie(viewing, VIEWER)).status == 404
        assert ask(viewing, path, Cookie=_cookie(viewing, OPERATOR)).status == 200
    for path in ("/cameras/list", "/redaction/hour?source=yard", "/redaction/sources", "/redaction.csv", "/hour"):
        assert ask(viewing, path).status == 401
    assert json.loads(ask(viewing, "/redaction/sources", Cookie=_cookie(viewing, VIEWER)).text) == sorted(
        [EVIL, "yard", WARM_UP]
    )


def test_the_line_at_the_top_leads_to_the_page_and_the_page_to_zones_and_the_hour(opened: Callable[..., Any]) -> None:
    with opened("/redaction", OPERATOR) as page:
        page.locator("#status-text").click()
        row = page.get_by_role("row").filter(has_text="yard")
        expect(row).to_contain_text("1280x720 · h264 · 4.9 frames/s of 25.0 that come")
        expect(row.get_by_label("Zones of yard: 1")).to_have_attribute("href", "/zones?source=yard")
        expect(page.get_by_role("row").filter(has_text=EVIL)).to_contain_text("wholly")
        expect(page.get_by_role("row").filter(has_text="attic").locator("code")).to_have_text("imagebus cameras --list")
        page.get_by_role("link", name="The last hour of all cameras").click()
        expect(page.locator(".strip:visible")).to_have_count(3)
        strip = page.locator(".strip").filter(has_text=EVIL)
        expect(strip).to_contain_text(re.compile(r"(\d+) of \1 frames wholly hidden · \1 in doubt"))
        expect(page.locator(".hours")).to_contain_text("kept in the memory of this viewer")
        assert page.locator("b").count() == 0


def test_below_a_redacted_picture_stands_its_camera_s_hour(opened: Callable[..., Any], viewing: Viewing) -> None:
    with opened("/redaction", VIEWER) as page:
        page.get_by_label("Source", exact=True).select_option("yard")
        expect(page.get_by_role("button", name="Zones")).to_be_hidden()
        strip = page.locator(".strip")
        expect(strip).to_contain_text("25.0 % hidden on average, at most 40.0 % · nothing in doubt")
        expect(strip).to_contain_text("never checked by an operator")
        strip.locator("svg").last.hover(position={"x": 5, "y": 5})
        expect(strip.locator("output")).to_have_text(re.compile(r"\d\d:\d\d:\d\d no frame"))
        with page.expect_download() as kept:
            strip.get_by_role("link", name="CSV").click()
        (head, *rows) = csv.reader(kept.value.path().read_text().splitlines())
        assert (head[0], {row[0] for row in rows}) == ("source", {"yard"})
        assert sum(int(row[2]) for row in rows) == 4


@pytest.mark.parametrize(("path", "ready"), [("/cameras", "tbody tr"), ("/hour", ".strip:visible")])
@pytest.mark.parametrize(("scheme", "width"), [("dark", 1280), ("light", 390)])
def test_the_pages_break_no_accessibility_rule_and_fit(
    path: str, ready: str, scheme: str, width: int, opened: Callable[..., Any]
) -> None:
    options = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme, "bypass_csp": True}
    with opened(path, OPERATOR, **options) as page:
        page.locator(ready).first.wait_for()
        if path == "/hour":
            page.get_by_text("As a table").first.click()
        assert broken_rules(page) == []
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
