"""The page of counts: how many came by, live and over time, for every role, and as a file for spreadsheets."""

from __future__ import annotations

import csv
import urllib.request
from io import StringIO
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from streams.chain import types
from streams.kafka.embedded_broker import EmbeddedBroker
from streams.wire.counts import COUNTS
from tests.bus import produce
from tests.wait import wait_until
from tests.web.auth.session import PASSWORDS, VIEWER, ask, log_in
from tests.web.counting import HOUR_US, NOON, count, counted
from tests.web.viewing import Viewing, open_page, start_viewer
from web.counts.latest import LatestCounts

HISTORY = [
    counted("hour", "door", 4, starts_at=NOON - HOUR_US),
    counted("hour", None, 7, 6, starts_at=NOON - HOUR_US),
    counted("hour", "door", 1),
    counted("hour", "gate", 2),
    counted("hour", None, 3, 2, restarted_at=NOON + 60_000_000),
    counted("day", "door", 40, starts_at=NOON - 12 * HOUR_US),
    counted("day", None, 70, 60, starts_at=NOON - 12 * HOUR_US),
    counted("running", None, 700, 500, starts_at=NOON - 100 * HOUR_US),
]


def open_counts(page: Page, viewing: Viewing) -> None:
    wait_until(viewing.state, 20, "a viewer that answers")
    open_page(page, viewing, "/counts")


def rows(page: Page) -> list[list[str]]:
    """The table of cameras, without its head."""
    found = page.locator(".cameras tbody tr, .cameras tfoot tr").all()
    return [row.locator("th, td").all_text_contents() for row in found]


def test_a_page_shows_what_was_counted_before_the_viewer_was_started_and_what_is_counted_now(
    embedded: str, page: Page
) -> None:
    count(embedded, *HISTORY)
    with start_viewer(embedded) as viewing:
        open_counts(page, viewing)
        expect(page.locator(".stats .big")).to_have_text(["2", "60", "500"])
        assert rows(page) == [
            ["door", "1", "40", "0"],
            ["gate", "2", "0", "0"],
            ["sum of the cameras", "3", "70", "700"],
            ["distinct people", "2", "60", "500"],
        ]
        expect(page.locator(".restarted")).to_contain_text("without the memory of looks")

        produce(embedded, COUNTS, "gate", b"no count")
        count(embedded, counted("hour", "gate", 5), counted("hour", None, 6, 4))
        expect(page.locator(".stats .big")).to_have_text(["4", "60", "500"])
        assert rows(page)[1] == ["gate", "5", "0", "0"]
        expect(page.locator(".restarted")).to_be_hidden()


def test_bars_are_as_high_as_their_numbers_and_stand_in_a_table_too(embedded: str, page: Page) -> None:
    count(embedded, *HISTORY)
    with start_viewer(embedded) as viewing:
        open_counts(page, viewing)
        heights = "rects => rects.map(rect => Math.round(rect.getAttribute('height')))"
        expect(page.locator(".bars svg g")).to_have_count(2)
        assert page.locator("rect.seen").evaluate_all(heights) == [43, 100]  # of 3 and 7
        assert page.locator("rect.distinct").evaluate_all(heights) == [29, 86]  # of 2 and 6
        page.get_by_text("As a table").press("Enter")
        numbers = page.locator(".bars tbody tr").nth(1).locator("td")
        expect(numbers).to_have_text(["6", "7", ""])

        page.get_by_label("Camera", exact=True).select_option("door")
        expect(page.locator(".stats .big")).to_have_text(["1", "40", "0"])
        assert page.locator("rect.distinct").evaluate_all(heights) == [25, 100]  # of 1 and 4
        page.get_by_label("Bars").select_option("day")
        expect(page.locator(".bars svg g")).to_have_count(1)


def test_days_are_those_of_the_zone_in_which_they_are_counted_wherever_the_browser_is(
    embedded: str, browser: Browser, tmp_path: Path
) -> None:
    chain = tmp_path / "chain.toml"
    chain.write_text(types.DEFAULT.read_text() + '[counts]\ntime_zone = "Asia/Kolkata"\n')
    midnight = NOON - 12 * HOUR_US - 11 * HOUR_US // 2  # of 14 March there; 18:30 UTC, 14:30 in New York
    count(embedded, counted("day", None, 7, starts_at=midnight), counted("hour", None, 1, starts_at=midnight))
    with start_viewer(embedded, env={"IMAGEBUS_CHAIN": str(chain)}) as viewing:
        wait_until(viewing.state, 20, "a viewer that answers")
        page = browser.new_page(timezone_id="America/New_York", locale="en-GB")
        page.goto(f"{viewing.url}/counts")
        expect(page.locator(".counted .none").first).to_have_text("Days and hours in Asia/Kolkata")
        expect(page.locator(".stats li .what:first-child")).to_have_text(["hour from Sat 00:00", "Sat 14 Mar"])
        page.close()


def test_a_page_without_counts_says_what_it_waits_for_and_needs_no_topic(embedded: str, page: Page) -> None:
    with start_viewer(embedded) as viewing:
        open_counts(page, viewing)
        expect(page.locator("main .none").first).to_contain_text("Waiting for COUNTS: nobody was counted yet")
        count(embedded, counted("hour", None, 9))
        expect(page.locator(".stats .big")).to_have_text(["9"])


def test_keys_save_the_file_and_change_the_page(viewing: Viewing, page: Page) -> None:
    open_counts(page, viewing)
    with page.expect_download() as downloading:
        page.keyboard.press("s")
    assert downloading.value.suggested_filename == "imagebus-counts.csv"
    downloading.value.path()  # a download that has only begun may end the change to another page
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("save all counts as a CSV file")
    expect(page.get_by_role("dialog", name="Keys")).not_to_contain_text("full screen")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.keyboard.press("1")
    expect(page).to_have_title("Identification · imagebus")


def test_those_who_see_no_raw_picture_see_the_counts_and_strangers_nothing() -> None:
    with EmbeddedBroker() as broker, start_viewer(broker.url, env=PASSWORDS) as viewing:
        wait_until(viewing.state, 20, "a viewer that answers")
        cookie = log_in(viewing, VIEWER)
        for path in ("/counts", "/counts.csv"):
            assert ask(viewing, path, Cookie=cookie).status == 200
            assert ask(viewing, path).status == 401


def test_names_are_no_formulas_in_the_file(embedded: str) -> None:
    names = ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "a;=1", 'a"=1', "two\r\n=rows", "plain - name", "Tür"]
    count(embedded, *(counted("hour", name, 1) for name in names), counted("day", None, 3, 2, starts_at=NOON))
    with start_viewer(embedded) as viewing:
        wait_until(lambda: viewing.state() and len(_table(viewing)) == len(names) + 2, 20, "all rows of the file")
        head, day, *hours = _table(viewing)
    assert head == ["window", "starts_at", "ends_at", "source", "visitors", "unique", "updated_at", "restarted_at"]
    noon, after = "2026-03-14T12:00:00+00:00", "2026-03-14T12:00:01+00:00"
    assert day == ["day", noon, "2026-03-15T12:00:00+00:00", "", "3", "2", after, ""]
    assert {row[3] for row in hours} == {
        "'=HYPERLINK(1)", "'+1", "'-1", "'@SUM(A1)", "\t'=1", "a;'=1", "a\"'=1", "two\r\n'=rows", "plain - name", "Tür",
    }  # fmt: skip


def test_as_many_windows_are_kept_as_memory_is_given_to_the_newest_and_the_running_ones() -> None:
    counts = LatestCounts(max_windows=3)
    counts.put(counted("running", None, 1, starts_at=0))
    for hour in range(5):
        counts.put(counted("hour", None, hour, starts_at=NOON + hour * HOUR_US))
    assert [(each.window, each.visitors) for each in counts.since(0)] == [("hour", 4), ("hour", 3), ("running", 1)]
    assert counts.since(counts.number) == []


def _table(viewing: Viewing) -> list[list[str]]:
    with urllib.request.urlopen(f"{viewing.url}/counts.csv", timeout=5) as answer:
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="imagebus-counts.csv"'
        return list(csv.reader(StringIO(answer.read().decode(), newline="")))
