"""Check your camera in a browser: from a sample to the kept page, with people whose exposure is known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from streams.kafka.embedded_broker import EmbeddedBroker
from tests.web.check.street import Playing, Street, free_of
from tests.web.conftest import CHROMIUM_ARGS
from tests.web.viewing import WARM_UP, Viewing, open_page, start_viewer

MARKED = 24
EVERY = 3
# Of the middle of a JPEG: no other file holds the same bytes.
NEEDLE_BYTES = 64
SENTENCE = r"Of (\d+) people in (\d+) frames (\d+|none) w\w+ exposed: with 95 % confidence fewer than ([\d.]+) % are"
ANOTHER = "old => !['', old].includes(document.querySelector('.check').dataset.sample)"


@pytest.fixture(scope="module")
def street(data: Path) -> Street:
    return Street(data / "vtest.avi", data / "vtest-truth.csv", EVERY)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the viewer and the browser write whatever they write."""
    return tmp_path_factory.mktemp("disk")


@pytest.fixture(scope="module")
def viewing(disk: Path) -> Iterator[Viewing]:
    env = {"IMAGEBUS_DATA_DIR": str(disk / "viewer"), "TMPDIR": str(disk / "tmp")}
    (disk / "tmp").mkdir()
    with EmbeddedBroker() as broker, start_viewer(broker.url, env=env) as viewing:
        viewing.wait_until_ready()
        yield viewing


@pytest.fixture(scope="module")
def page(chromium: str, disk: Path) -> Iterator[Page]:
    """A browser's page whose profile is on that disk."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            disk / "browser", executable_path=chromium, args=CHROMIUM_ARGS, viewport={"width": 1280, "height": 800}
        )
        yield context.pages[0]
        context.close()


def next_sample(page: Page, before: str) -> str:
    """The next sample, once it is shown."""
    page.wait_for_function(ANOTHER, arg=before)
    return str(page.locator(".check").get_attribute("data-sample"))


def mark(page: Page, street: Street, playing: Playing) -> None:
    """Mark everybody who is visible in the frame that is shown, by truth."""
    found = re.search(r"frame (\d+) of", page.locator(".panel .none").first.inner_text())
    assert found
    run, at = divmod(int(found[1]), len(street.images))
    there = street.people[at]
    exposed = [person for person in there if person in playing.visible_in(run)]
    canvas = page.locator(".check canvas").first
    box, (height, width) = canvas.bounding_box(), street.images[at].shape[:2]
    assert box
    scale = min(box["width"] / width, box["height"] / height)
    left, top = (box["width"] - width * scale) / 2, (box["height"] - height * scale) / 2
    for person in exposed:
        x, y = free_of(there[person], [other for name, other in there.items() if name != person])
        canvas.click(position={"x": left + x * scale, "y": top + y * scale})
    said = f"{len(exposed)} can be seen: next" if exposed else "Nobody can be seen"
    expect(page.locator(".next")).to_have_text(said)
    page.keyboard.press("n")


def test_from_sample_to_kept_page_the_bound_holds_the_true_rate(
    page: Page, viewing: Viewing, street: Street, disk: Path
) -> None:
    # The two who are there the longest, one of whom no detector finds.
    visible = sorted(street.names, key=lambda name: -sum(name in there for there in street.people))[:2]
    with Playing(viewing.broker, street, "street", visible, unfound=visible[1:], per_s=40) as playing:
        open_page(page, viewing, "/check", "street")
        sample = ""
        for _ in range(MARKED):
            sample = next_sample(page, sample)
            mark(page, street, playing)
        next_sample(page, sample)
        runs = playing.runs
    known = page.locator(".sentence").inner_text().replace("\N{NO-BREAK SPACE}", " ")
    found = re.search(SENTENCE, known)
    assert found, known
    people, frames, exposed, bound = int(found[1]), int(found[2]), int(found[3]), float(found[4])
    # In every second run two of all are visible; who was seen in the sample is fewer.
    true = 100 * len(visible) * (runs // 2) / (runs * len(street.names))
    print(f"{known}; true: {true:.1f} % of {runs} runs of {len(street.names)} people")
    assert bound > true > 0
    assert frames <= MARKED
    assert 0 < exposed < people

    with page.expect_download() as kept:
        page.get_by_role("button", name="Keep").click()
    assert re.fullmatch(r"imagebus-check-street-\d{4}-\d\d-\d\d\.html", kept.value.suggested_filename)
    kept.value.save_as(disk / "kept.html")
    text = (disk / "kept.html").read_text().replace("\N{NO-BREAK SPACE}", " ")
    assert known in text
    assert all(said in text for said in ("street", "detect_people", "SOURCE_FRAME and REDACTION_FRAME"))
    assert not any(picture in text for picture in ("<img", "data:", "url(", "src="))

    assert "street" in (disk / "viewer" / f"viewer-{viewing.port}.checks").read_text()
    jpegs = [street.raw(at).jpeg for at in range(len(street.images))]
    needles = [jpeg[len(jpeg) // 2 :][:NEEDLE_BYTES] for jpeg in jpegs]
    written = {path: path.read_bytes() for path in disk.rglob("*") if path.is_file()}
    assert len(written) > 10
    assert [path for path, held in written.items() if any(needle in held for needle in needles)] == []
    assert "JFIF" not in viewing.process.text


def test_a_check_is_done_by_keys_alone(page: Page, viewing: Viewing, street: Street) -> None:
    visible = sorted(street.names)
    with Playing(viewing.broker, street, "keys", visible, unfound=visible[5:], per_s=40):
        open_page(page, viewing, "/check", "keys")
        sample = next_sample(page, "")
        while page.locator(".chosen").inner_text() != "Drawn at random":
            page.keyboard.press("n")
            sample = next_sample(page, sample)
        button = page.locator(".next")
        page.keyboard.press("1")
        expect(button).to_have_text("1 can be seen: next")
        page.keyboard.press("1")
        expect(button).to_have_text("Nobody can be seen")
        for _ in range(20):
            page.keyboard.press("ArrowUp")
        page.keyboard.press("x")
        expect(button).to_have_text("1 can be seen: next")
        page.keyboard.press("n")
        expect(page.locator(".sentence")).to_contain_text("in 1 frame 1 was exposed")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_contain_text("this person can be seen")
        page.keyboard.press("Escape")
        page.get_by_text("Begin a new check").click()
        page.get_by_role("button", name="Begin anew").click()
        expect(page.locator(".sentence")).to_have_text("No random frame is marked yet.")


def test_a_frame_is_gone_from_the_page_when_its_time_is_over(page: Page, viewing: Viewing, street: Street) -> None:
    page.clock.install()
    with Playing(viewing.broker, street, "clock", [], [], per_s=40):
        open_page(page, viewing, "/check", "clock")
        sample = next_sample(page, "")
        page.clock.fast_forward(299_000)
        assert page.locator(".check").get_attribute("data-sample") == sample
        page.clock.fast_forward(2_000)
        next_sample(page, sample)


def test_a_camera_without_a_redacted_frame_is_said_to_have_none(page: Page, viewing: Viewing) -> None:
    # Of this one nobody has asked for frames: of the others some may wait for minutes, to be marked.
    open_page(page, viewing, "/check", WARM_UP)
    expect(page.locator(".check .note")).to_contain_text(
        f"No frame of {WARM_UP} was on both topics in the last 10 s", timeout=40_000
    )
    expect(page.locator(".next")).to_be_disabled()
