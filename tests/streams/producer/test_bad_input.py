"""What cannot be a source, or must not be written: one line that says so, and exit code 2."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.commands import Command
from tests.streams.cameras import web_page
from tests.streams.producing import producer
from tests.streams.video import filming


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one good picture and much that is none, in which the producer is started."""
    (tmp_path / "text.avi").write_text("no video")
    (tmp_path / "notes.txt").write_text("no video either")
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "nothing").mkdir()
    film = filming.film(tmp_path / "film.mp4", [filming.corners()] * 3).read_bytes()
    (tmp_path / "unfinished.mp4").write_bytes(film[: film.index(b"moov") - 4])
    cv2.imwrite(str(tmp_path / "good.png"), np.zeros((20, 30, 3), np.uint8))
    monkeypatch.setenv("BAD_CAMERA", "http://viewer:s3cret@cam:99999/")
    monkeypatch.delenv("NO_CAMERA", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["missing.avi"], "expected a video file, a folder of pictures, a URL (rtsp, "),
        (["text.avi"], "expected a video, got data that is none"),
        (["notes.txt"], "expected a video, got data that is none"),
        (["empty.mp4"], "expected a video, got data that is none"),
        (["nothing"], "expected pictures (.avif, .bmp, .dib, .gif, .heic, "),
        (["gopher://cam/1"], "gopher://cam/1: expected a URL of rtsp, rtsps, rtmp, rtmps, http, https, got gopher"),
        (["rtsp:///live"], "rtsp:///live: expected scheme://host[:port]/"),
        (["env:BAD_CAMERA"], "http://viewer:***@cam:99999/: expected scheme://host[:port]/"),
        (["env:NO_CAMERA"], "expected a source in the environment variable NO_CAMERA, got none"),
        (["WEBCAM:99"], "WEBCAM:99: expected a camera at /dev/video99, got nothing there"),
        (["good.png", "-t", "REDACTION_FRAME"], "--topic REDACTION_FRAME: expected a topic for raw pictures, got"),
        (["good.png", "-n", ""], "--name: expected 1 to 128 characters, got 0"),
        (["good.png", "-n", "door\n"], "--name: expected characters that can be seen, got 'door\\n'"),
        (["good.png", "-n", "door\udcff"], "--name: expected characters that can be seen, got 'door\\udcff'"),
        (["good.png", "-n", " "], "--name: expected no blank at its beginning or end, got ' '"),
        (["rtsp://viewer:s3cret/1@cam/live"], "rtsp://viewer:***@cam/live: expected / ? # @ percent-encoded in a"),
        (["http://viewer:12/s3cret@cam:80/"], "http://viewer:***@cam:80/: expected / ? # @ percent-encoded in a"),
        (["rtsp://viewer:a?s3cret@cam/live"], "cam/live: expected / ? # @ percent-encoded in a"),
        (["rtsp://viewer:a#s3cret@cam"], "rtsp://viewer:***@cam: expected / ? # @ percent-encoded in a"),
        (["unfinished.mp4"], "the recording was not finished, it has no index (moov)"),
        (["good.png", "-n", "rtsp://u:s3cret@cam"], "--name: expected a name, got an address with a password"),
    ],
)
def test_it_is_refused_in_one_line(folder: Path, arguments: list[str], expected: str, imagebus: Command) -> None:
    at = folder / arguments[0]
    source = at if at.exists() or arguments[0].startswith("missing") else arguments[0]
    ended = imagebus("produce", source, *arguments[1:], env={"KAFKA_URL": "127.0.0.1:1"})

    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.err.splitlines()
    assert line.startswith("imagebus: ")
    assert expected in line
    assert "s3cret" not in line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-f", "0"], "'-f' / '--every': 0 is not in the range x>=1"),
        (["--max-size", "640"], "'--max-size': expected a size such as 1280x720, got 640"),
        (["--quality", "101"], "'--quality': 101 is not in the range 1<=x<=100"),
        (["--lead", "-1"], "'--lead': -1 is not in the range x>=0"),
    ],
)
def test_an_option_out_of_range_is_refused(
    folder: Path, arguments: list[str], expected: str, imagebus: Command
) -> None:
    ended = imagebus("produce", folder / "good.png", *arguments, env={"KAFKA_URL": "127.0.0.1:1"})
    assert ended.code == 2
    assert expected in ended.err.splitlines()[-1]


def test_a_web_page_is_no_camera(embedded: str) -> None:
    with web_page("<p>no camera</p>" * 500) as place, producer(embedded, f"http://{place}/") as process:
        assert process.wait() == 2

    assert f"http://{place}/: expected a video, got data" in process.lines[-1]
