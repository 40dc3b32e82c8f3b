"""`imagebus functions` and `imagebus try`: what there is, and what it does to a file, without a broker."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from functions.core import jpeg as codec
from tests.commands import Command
from tests.processes import IMAGEBUS, PROJECT

CORNER = '''
"""Find the corner."""

from functions import Detection, Frame, function


@function(labels=lambda **_: ("corner",))
def find_corner(frame: Frame, *, size: int = 20) -> Frame:
    """Find the top left corner."""
    return frame.with_detections([*frame.detections, Detection("corner", 0.5, (0, 0, size, size))])
'''

COUNTING = '''
"""Functions that remember, drop, multiply and go wrong."""

from functions import Detection, Frame, function


@function
def number(frame: Frame, state: dict) -> Frame:
    """Number the frames of a source."""
    state["seen"] = state.get("seen", 0) + 1
    return frame.with_detections([Detection(f"number {state['seen']}", 1, (0, 0, 1, 1))])


@function
def drop(frame: Frame) -> None:
    """Drop every frame."""


@function
def twice(frame: Frame) -> list[Frame]:
    """Give every frame twice."""
    return [frame, frame]


@function(look_ahead_s=0.25)
def next_two(frame: Frame, state: dict, ahead: tuple[Frame, ...]) -> Frame:
    """Name the frames that follow within a quarter of a second."""
    return frame.with_detections([Detection(f"then {each.seq}", 1, (0, 0, 1, 1)) for each in ahead])


@function
def wrong(frame: Frame) -> int:
    """Give what is no frame."""
    return 7
'''


@pytest.fixture
def elsewhere(tmp_path: Path) -> Mapping[str, str]:
    """An environment in which two modules of functions live outside the project."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "corner_functions.py").write_text(CORNER)
    (folder / "counting_functions.py").write_text(COUNTING)
    return {"PYTHONPATH": str(folder), "IMAGEBUS_FUNCTIONS": "corner_functions,counting_functions"}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "wall.jpg"
    path.write_bytes(codec.encode(np.full((120, 160, 3), 200, np.uint8)))
    return path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Ten frames of 161x121 in one second, each brighter than the one before."""
    path = tmp_path / "brighter.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=10, width=161, height=121, pix_fmt="bgr0")
        for index in range(10):
            image = np.full((121, 161, 3), 20 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return path


def imagebus(*arguments: object, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [*IMAGEBUS, *map(str, arguments)]
    environ = {**os.environ, **(environ or {})}
    return subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, env=environ, timeout=120, check=False)


def test_functions_are_listed_with_their_options() -> None:
    listed = imagebus("functions").stdout
    assert "detect_people (detector):" in listed
    assert "redact (redactor" in listed
    assert "detect_motion (detector, has a memory):" in listed
    assert "--labels STR" in listed
    assert "What to hide, whatever its case  [may be repeated; default: person]" in listed


def test_a_function_of_one_s_own_is_listed_and_tried(picture: Path, elsewhere: Mapping[str, str]) -> None:
    assert "find_corner (detector):\n  Find the top left corner." in imagebus("functions", environ=elsewhere).stdout
    found = json.loads(imagebus("try", "find_corner", picture, "--size", 30, environ=elsewhere).stdout)
    assert found["size_wh"] == [160, 120]
    assert found["detections"] == [
        {"label": "corner", "confidence": 0.5, "xyxy": [0.0, 0.0, 30.0, 30.0], "track": None, "hidden": False}
    ]


def test_a_file_dropped_into_the_folder_of_functions_is_all_it_takes(tmp_path: Path, picture: Path) -> None:
    copy = tmp_path / "copy"
    for folder in ("functions", "streams"):
        shutil.copytree(PROJECT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "functions" / "find_corner.py").write_text(CORNER)
    environ = {"PYTHONPATH": str(copy)}
    assert "find_corner (detector):" in imagebus("functions", environ=environ).stdout
    found = json.loads(imagebus("try", "find_corner", picture, environ=environ).stdout)
    assert [detection["label"] for detection in found["detections"]] == ["corner"]


def test_functions_run_one_after_another_with_options_of_their_own(
    picture: Path, tmp_path: Path, elsewhere: Mapping[str, str]
) -> None:
    out = tmp_path / "out.png"
    options = ["--find_corner.size", 40, "--redact.labels", "CORNER", "--redact.padding", 0, "--redact.no-motion"]
    ran = imagebus("try", "find_corner,redact", picture, "-o", out, *options, environ=elsewhere)
    assert (ran.returncode, ran.stderr) == (0, "")
    image = cv2.imread(str(out))
    assert not image[:40, :40].any()
    assert (image == 0).all(axis=2).sum() == 40 * 40


def test_a_picture_that_nobody_drew_on_keeps_its_bytes(picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jpg"
    imagebus("try", "annotate", picture, "-o", tmp_path / "drawn.jpg")
    imagebus("try", "detect_motion", picture, "-o", out)
    assert out.read_bytes() == picture.read_bytes()


def test_what_a_detector_found_is_drawn_into_the_output(
    picture: Path, tmp_path: Path, elsewhere: Mapping[str, str]
) -> None:
    out = tmp_path / "out.png"
    imagebus("try", "find_corner", picture, "-o", out, "--size", 50, environ=elsewhere)
    image = cv2.imread(str(out))
    assert (image[49, 5:45] != 200).all()
    assert (image[100:, 100:] == 200).all()


def test_a_video_gives_a_video_with_every_frame_at_its_time(video: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    ran = imagebus("try", "annotate", video, "-o", out)
    assert ran.returncode == 0
    with av.open(str(out)) as container:
        frames = list(container.decode(video=0))
        assert container.streams.video[0].codec_context.name in ("h264", "mpeg4")
    assert [frame.time for frame in frames] == pytest.approx([index / 10 for index in range(10)], abs=0.002)
    assert [int(frame.to_ndarray(format="bgr24").mean()) for frame in frames] == pytest.approx(range(0, 200, 20), abs=5)
    assert (frames[0].width, frames[0].height) == (162, 122)


def test_without_an_output_a_video_gives_one_line_a_frame(video: Path, elsewhere: Mapping[str, str]) -> None:
    """And a function with a memory has one for the whole file."""
    lines = [json.loads(line) for line in imagebus("try", "number", video, environ=elsewhere).stdout.splitlines()]
    assert [line["seq"] for line in lines] == list(range(10))
    assert [line["at_s"] for line in lines] == pytest.approx([index / 10 for index in range(10)])
    assert [line["detections"][0]["label"] for line in lines] == [f"number {index + 1}" for index in range(10)]
    assert {line["source"] for line in lines} == {"brighter"}


def test_a_function_that_looks_ahead_sees_the_frames_that_follow(video: Path, elsewhere: Mapping[str, str]) -> None:
    lines = [json.loads(line) for line in imagebus("try", "next_two", video, environ=elsewhere).stdout.splitlines()]
    seen = {line["seq"]: [found["label"] for found in line["detections"]] for line in lines}
    assert list(seen) == list(range(10))
    assert (seen[0], seen[7], seen[8], seen[9]) == (["then 1", "then 2"], ["then 8", "then 9"], ["then 9"], [])


def test_people_read_a_table(picture: Path, elsewhere: Mapping[str, str]) -> None:
    terminal, shown = pty.openpty()
    command = [*IMAGEBUS, "try", "find_corner", str(picture)]
    subprocess.run(command, stdout=shown, cwd=PROJECT, env={**os.environ, **elsewhere}, timeout=60, check=True)
    os.close(shown)
    words = os.read(terminal, 10_000).decode().split()
    os.close(terminal)
    assert words == ["frame", "0", "corner", "50%", "0.0", "0.0", "20.0", "20.0"]


def test_a_function_may_drop_frames_or_give_several(
    video: Path, picture: Path, tmp_path: Path, elsewhere: Mapping[str, str]
) -> None:
    assert imagebus("try", "drop,number", video, environ=elsewhere).stdout == ""
    lines = imagebus("try", "twice,twice", video, environ=elsewhere).stdout.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [seq for seq in range(10) for _ in range(4)]
    imagebus("try", "twice", picture, "-o", tmp_path / "both.jpg", environ=elsewhere)
    assert {path.name for path in tmp_path.glob("both*")} == {"both.jpg", "both.1.jpg"}


def test_help_shows_the_options_of_the_functions_asked_for() -> None:
    assert "annotate" in imagebus("try", "--help").stdout
    one = imagebus("try", "redact", "--help").stdout
    assert "--padding FLOAT" in one
    assert "--style [" in one
    assert "--redact.padding FLOAT" in imagebus("try", "annotate,redact", "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("try redct {picture}", "Function redct: expected one of annotate,"),
        ("try redct {picture}", "; did you mean redact?"),
        ("try redact nowhere.jpg", "nowhere.jpg: No such file or directory"),
        ("try redact {text}", "notes.txt: expected a video, got data"),
        ("try redact {folder}", ": Is a directory"),
        ("try redact", "redact: Missing argument 'FILE'."),
        ("try redact {picture} --lables car", "redact: No such option: --lables Did you mean --labels?"),
        (
            "try redact {picture} --padding wide",
            "Function redact, option padding: expected `float`, got `str` ('wide')",
        ),
        ("try redact {picture} --padding 9", "Function redact, option padding: expected `float` <= 2.0"),
        ("try redact {picture} --style blue", "redact: Invalid value for '--style': 'blue' is not"),
        ("try redact {picture} -o {picture}", "expected another file than the one that is read"),
        ("try redact {picture} -o out.mp4", "out.mp4: expected the name of a picture (.jpg, "),
        ("try redact {video} -o out.jpg", "out.jpg: expected the name of a video (.mp4, "),
        ("try annotate {picture} -o {folder}/none/out.jpg", "cannot be written: No such file or directory"),
        ("try annotate {video} -o {folder}/none/out.mp4", "cannot be written: No such file or directory"),
        ("try wrong {picture}", "Function wrong: expected a Frame, several or None, got int"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    arguments: str,
    said: str,
    picture: Path,
    video: Path,
    tmp_path: Path,
    elsewhere: Mapping[str, str],
    imagebus: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no picture, no video")
    given = arguments.format(picture=picture, video=video, text=text, folder=tmp_path).split()
    monkeypatch.syspath_prepend(elsewhere["PYTHONPATH"])
    ended = imagebus(*given, env=elsewhere)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("imagebus: ")
    assert said in ended.err
    assert ended.err.count("\n") == 1


def test_a_picture_that_is_cut_is_refused(picture: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(picture.read_bytes()[:-200])
    ran = imagebus("try", "annotate", cut, "-o", tmp_path / "out.jpg")
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"imagebus: {cut}: Expected a whole JPEG, got one that does not decode")
    assert ran.stderr.count("\n") == 1
