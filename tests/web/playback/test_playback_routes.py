"""The addresses of recordings: what each role gets, in whole and in parts, and that no name leads anywhere else."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPResponse
from itertools import product
from urllib.parse import quote

import pytest

from tests.streams.recording.recorded import SECOND_US
from tests.web.auth.session import OPERATOR, VIEWER, log_in
from tests.web.playback.recorded_day import STRANGER, RecordedDay, address
from tests.web.viewing import Viewing


@pytest.fixture(scope="module")
def cookies(viewing: Viewing) -> dict[str, str]:
    return {"operator": log_in(viewing, OPERATOR), "viewer": log_in(viewing, VIEWER), "nobody": ""}


class Asking:
    """Asks a viewer as one role; the answer and its body."""

    def __init__(self, viewing: Viewing, cookie: str) -> None:
        self._port, self._cookie = viewing.port, cookie

    def __call__(self, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
        wire = HTTPConnection("127.0.0.1", self._port, timeout=20)
        wire.request("GET", path, headers={"Cookie": self._cookie, **headers})
        answer = wire.getresponse()
        body = answer.read()
        wire.close()
        return answer, body

    def json(self, path: str) -> list[dict[str, object]]:
        answer, body = self(path)
        assert answer.status == 200, body
        told: list[dict[str, object]] = json.loads(body)
        return told


@pytest.fixture
def ask(viewing: Viewing, cookies: dict[str, str], request: pytest.FixtureRequest) -> Asking:
    return Asking(viewing, cookies[request.param])


def _day_of(day: RecordedDay, recording: str, folder: str = "yard") -> str:
    span = f"since={day.began - SECOND_US}&until={day.after + 60 * SECOND_US}"
    return f"/playback/day?recording={recording}&folder={quote(folder)}&{span}"


@pytest.mark.parametrize("ask", ["viewer"], indirect=True)
def test_a_viewer_sees_cameras_days_videos_and_numbers_of_what_is_redacted(ask: Asking, day: RecordedDay) -> None:
    cameras = ask.json("/playback/cameras")
    assert [(each["source"], each["recording"], each["raw"]) for each in cameras] == [
        (STRANGER, "disk", False),
        ("yard", "disk", False),
    ]
    first, second, third = ask.json(_day_of(day, "disk"))
    assert [first["starts_at"], third["starts_at"]] == [day.began, day.after]
    assert [first["found"], second["found"]] == [{}, {"person": 1}]
    assert [each["doubts"] for each in (first, second, third)] == [0, 1, 0]
    assert third["gap"] == {"since": day.pause - SECOND_US, "why": "no frame came"}
    file = day.redacted.files()[0]
    answer, video = ask(address(file))
    assert (answer.status, answer.headers["Content-Type"], video) == (200, "video/mp4", file.video.read_bytes())
    answer, part = ask(address(file), Range="bytes=100-199")
    assert (answer.status, part) == (206, video[100:200])
    assert ask(address(file, kind="numbers"))[1] == file.numbers.read_bytes()
    assert b">Playback</a>" in ask("/counts")[1]


@pytest.mark.parametrize("ask", ["operator"], indirect=True)
def test_an_operator_sees_what_is_raw_too_and_it_says_so(ask: Asking, day: RecordedDay) -> None:
    cameras = ask.json("/playback/cameras")
    assert [each["raw"] for each in cameras if each["recording"] == "all"] == [True]
    assert len(ask.json(_day_of(day, "all"))) == 1
    assert ask(address(day.raw.files()[0], "all"))[0].status == 200


@pytest.mark.parametrize("ask", ["viewer", "nobody"], indirect=True)
def test_nobody_else_gets_a_raw_recording_by_any_address(ask: Asking, day: RecordedDay) -> None:
    raw = day.raw.files()[0].video.read_bytes()
    places = ["all", "disk", "../raw", "raw", "%2e%2e/raw", quote("../raw", safe="")]
    for kind, place in product(("video", "numbers"), places):
        answer, body = ask(address(day.raw.files()[0], place, kind))
        assert answer.status in (303, 401, 404) or body != raw
        assert raw[-200:] not in body
        assert b"SOURCE_FRAME" not in body
    answer, body = ask(_day_of(day, "all"))
    assert answer.status == 401 or json.loads(body) == []


@pytest.mark.parametrize("ask", ["operator", "viewer"], indirect=True)
@pytest.mark.parametrize(
    "path",
    [
        "/playback/video/disk/../../etc/passwd",
        "/playback/video/disk/yard/../source",
        "/playback/video/disk/%2e%2e/%2e%2e/source.txt",
        "/playback/video/disk/yard/..%2f..%2f..%2fetc/passwd",
        "/playback/video/disk/yard/%2fetc/passwd",
        "/playback/video/disk/./2026-01-01/00-00-00",
        "/playback/video/disk/yard/2026-01-01/%00",
        "/playback/video/disk/yard/2026-01-01/..\\..\\x",
        "/playback/video/.../yard/2026-01-01/00-00-00",
        "/playback/numbers/disk/yard/../source.txt",
        "/playback/numbers/disk/yard/2026-01-01/../../../positions.json",
        "/playback/video/" + "/".join(["a" * 1000] * 4),
        "/playback/day?recording=../raw&folder=..&since=0&until=1",
        "/playback/day?recording=disk&folder=../raw/yard&since=0&until=1",
    ],
)
def test_no_address_leads_out_of_what_is_recorded(path: str, ask: Asking) -> None:
    answer, body = ask(path)
    assert answer.status in (400, 404) or body == b"[]", (answer.status, body[:200])
    assert b"root:" not in body
    assert b"next" not in body  # of positions.json


@pytest.mark.parametrize("ask", ["operator"], indirect=True)
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?recording=disk&folder=yard&since=0&until=99999999999999",
        "?recording=disk&folder=yard&since=5&until=1",
        "?since=x",
    ],
)
def test_a_day_that_is_none_is_refused(query: str, ask: Asking) -> None:
    assert ask(f"/playback/day{query}")[0].status == 400


@pytest.mark.parametrize("ask", ["viewer"], indirect=True)
def test_a_file_that_says_it_is_not_redacted_is_nobodys_but_operators(ask: Asking, day: RecordedDay) -> None:
    """As where a topic was raw when it was recorded, and is a redacted one now."""
    file = day.redacted.files()[2]
    before = file.numbers.read_bytes()
    file.numbers.write_bytes(before.replace(b'"redacted":true', b'"redacted":false', 1))
    try:
        assert ask(address(file))[0].status == 404
        assert len(ask.json(_day_of(day, "disk"))) == 2
    finally:
        file.numbers.write_bytes(before)


@pytest.mark.parametrize("ask", ["viewer"], indirect=True)
def test_a_link_in_the_folder_is_not_followed(ask: Asking, day: RecordedDay) -> None:
    file = day.redacted.files()[0]
    link = file.video.with_name("00-00-00.mp4")
    link.symlink_to(day.raw.files()[0].video)
    link.with_suffix(".jsonl").write_bytes(file.numbers.read_bytes())
    try:
        assert ask(address(file).rpartition("/")[0] + "/00-00-00")[0].status == 404
    finally:
        link.unlink()
        link.with_suffix(".jsonl").unlink()
