"""`imagebus check`: the page Check over a video file, without a broker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.commands import Command
from tests.processes import IMAGEBUS, PROJECT, Process, free_port
from tests.streams.chains import FUNCTIONS
from tests.streams.file_redaction import chains
from tests.wait import wait_until

FRAMES = 6


@contextmanager
def checking(clip: Path, folder: Path) -> Iterator[int]:
    """The command, with a detector that costs nothing; the port it listens on."""
    port, chain = free_port(), folder / "chain.toml"
    chain.write_text(chains.text("motion = false"))
    env = {"IMAGEBUS_CHAIN": str(chain), "IMAGEBUS_DATA_DIR": str(folder)}
    env |= {"IMAGEBUS_FUNCTIONS": FUNCTIONS, "PYTHONPATH": str(PROJECT)}
    command = [*IMAGEBUS, "check", clip, "--frames", str(FRAMES), "--port", str(port)]
    with Process(command, env=env) as process:
        process.wait_for_line(f"http://127.0.0.1:{port}/check")
        wait_until(lambda: answers(port), 20, "a page that answers")
        yield port


def answers(port: int) -> bool:
    try:
        return call(port, "GET", "result?source=bikes")[0] == 200
    except OSError:
        return False


def call(port: int, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    wire = HTTPConnection("127.0.0.1", port, timeout=30)
    wire.request(method, f"/check/{path}", json.dumps(body) if body else None)
    answer = wire.getresponse()
    return answer.status, answer.read()


def mark_all(port: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The headers of all samples until the file is at its end, and the result; in each the first person is exposed."""
    headers, result = [], {}
    while (answer := call(port, "GET", "sample?source=bikes"))[0] != 205:
        assert answer[0] == 200
        header = json.loads(answer[1][4 : 4 + int.from_bytes(answer[1][:4], "big")])
        status, said = call(port, "POST", "marks", {"sample": header["sample"], "exposed": [0]})
        assert status == 200
        headers.append(header)
        result = json.loads(said)
    return headers, result


def test_frames_are_drawn_from_all_of_a_file_and_their_marks_are_kept_until_it_is_checked_again(
    demo_clip: Path, tmp_path: Path
) -> None:
    with checking(demo_clip, tmp_path) as port:
        headers, result = mark_all(port)
        random = [header["sides"][0]["frame"]["seq"] for header in headers if header["chosen"] == "random"]
        assert len({*random}) == FRAMES
        assert random == sorted(random)
        assert random[-1] - random[0] > 40
        # Four people who stand still are four, however many frames show them; of one place nothing is known of hours.
        assert (result["frames"], result["people"], result["exposed"]) == (FRAMES, 4, 1)
        assert result["hours"] == [0] * 24
        status, page = call(port, "GET", "report?source=bikes")
        assert status == 200
        assert b"bikes.mp4 and redacted" in page
    with checking(demo_clip, tmp_path) as port:
        assert call(port, "GET", "result?source=bikes") == (200, b"null")
        assert call(port, "GET", "report?source=bikes")[0] == 200


def test_a_browser_is_led_through_the_file(demo_clip: Path, tmp_path: Path, page: Page) -> None:
    with checking(demo_clip, tmp_path) as port:
        page.goto(f"http://127.0.0.1:{port}/check")
        note = page.locator(".check .note")
        while "are marked" not in note.inner_text():
            if page.locator(".next").is_enabled():
                page.keyboard.press("n")
        expect(page.locator(".sentence")).to_contain_text(f"Of 4 people in {FRAMES} frames none was exposed")
        expect(page.locator("#status-text")).to_have_text("1 live")


@pytest.mark.parametrize(
    ("name", "said"), [("nothing.mp4", "nothing.mp4"), ("still.png", "expected a video, got a picture")]
)
def test_what_is_no_video_is_refused_in_one_line(name: str, said: str, tmp_path: Path, imagebus: Command) -> None:
    if name.endswith(".png"):
        (tmp_path / name).touch()
    ended = imagebus("check", tmp_path / name, "--port", free_port())
    (line,) = ended.err.splitlines()
    assert (ended.code, ended.out) == (2, "")
    assert said in line
