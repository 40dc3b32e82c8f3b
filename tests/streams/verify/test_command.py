"""`imagebus verify` as a command: what it prints and writes, its exit codes, folders, misuse and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

import cv2
import psutil
import pytest

from functions.core.errors import UsageError
from streams.verify.pairs import FilePair, pairs_of
from streams.verify.truth import read_people
from tests.processes import IMAGEBUS, PROJECT
from tests.streams.verify.planted import Scene, film, scene_of
from tests.wait import wait_until


@pytest.fixture(scope="module")
def scene(data: Path) -> Scene:
    return scene_of(data)


@pytest.fixture(scope="module")
def folders(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Raw pictures, and redacted ones: one is good, one shows somebody, one has no raw one."""
    folder = tmp_path_factory.mktemp("pictures")
    raw, redacted = folder / "raw", folder / "redacted"
    for each in (raw / "in", redacted / "in"):
        each.mkdir(parents=True)
    for name, number in {"a.png": 0, "in/b.png": 9, "unredacted.png": 12}.items():
        cv2.imwrite(str(raw / name), scene.images[number])
    cv2.imwrite(str(redacted / "a.jpg"), scene.hidden(0))
    cv2.imwrite(str(redacted / "in" / "b.png"), scene.hidden(9, uncovered=0.4))
    cv2.imwrite(str(redacted / "nobody-knows.png"), scene.hidden(0))
    (redacted / "a.xmp").write_text("Somebody was here")
    return raw, redacted


@pytest.fixture(scope="module")
def environ(data: Path) -> Mapping[str, str]:
    return {**os.environ, "IMAGEBUS_MODELS": str(data / "models")}


def imagebus(environ: Mapping[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*IMAGEBUS, "verify", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, env=environ, timeout=120, check=False)


def test_folders_are_verified_and_reported(
    folders: tuple[Path, Path], environ: Mapping[str, str], tmp_path: Path
) -> None:
    report, as_json, junit = tmp_path / "report", tmp_path / "verify.json", tmp_path / "junit.xml"
    ran = imagebus(environ, *folders, "--report", report, "--json", as_json, "--junit", junit)
    assert ran.returncode == 1, ran.stderr
    good, shown, unknown = (str(folders[1] / name) for name in ("a.jpg", "in/b.png", "nobody-knows.png"))
    assert f"{good}: passed (raw: detect_objects, detect_people" in ran.stdout
    assert f"{shown}: failed" in ran.stdout
    assert "can be seen in part: frames 1" in ran.stdout
    assert "there is no raw file of this name" in ran.stdout
    assert "1 raw files have no redacted one" in ran.stderr
    assert f"neither pictures nor videos: {folders[1] / 'a.xmp'}" in ran.stderr

    told = json.loads(as_json.read_text())
    assert not told["passed"]
    assert {each["redacted"]: len(each["exposed"]) > 0 for each in told["results"]} == {
        good: False,
        shown: True,
        unknown: False,
    }
    suites = ET.parse(junit).getroot()
    assert [(each.get("name"), each.get("failures")) for each in suites] == [(good, "0"), (shown, "1"), (unknown, "1")]

    page = (report / "index.html").read_text()
    assert "shows what should have been hidden" in page
    assert page.count("<img") == 1
    assert (report.stat().st_mode & 0o777, (report / "index.html").stat().st_mode & 0o777) == (0o700, 0o600)
    assert "keep it as you keep the raw file" in ran.stderr
    assert "data:image" not in as_json.read_text() + junit.read_text()


def test_a_share_that_is_allowed_passes(folders: tuple[Path, Path], environ: Mapping[str, str]) -> None:
    raw, redacted = (each / "in" / "b.png" for each in folders)
    assert imagebus(environ, raw, redacted, "--people", "--threshold", "1").returncode == 0


def test_ctrl_c_stops_it_and_leaves_nothing(scene: Scene, environ: Mapping[str, str], tmp_path: Path) -> None:
    raw, redacted = film(tmp_path / "raw.mp4", scene.images), film(tmp_path / "redacted.mp4", scene.redacted())
    command = [*IMAGEBUS, "verify", str(raw), str(redacted), "--report", str(tmp_path / "report")]
    with subprocess.Popen(command, cwd=PROJECT, env=environ, stderr=subprocess.PIPE, text=True) as process:
        opened = psutil.Process(process.pid)
        wait_until(lambda: any(file.path == str(raw) for file in opened.open_files()), 30, "the raw file is open")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in said) == (130, False)
    assert {path.name for path in tmp_path.iterdir()} == {"raw.mp4", "redacted.mp4"}


def test_misuse_is_one_line_and_exit_code_2(folders: tuple[Path, Path], environ: Mapping[str, str]) -> None:
    ran = imagebus(environ, folders[0], folders[1] / "a.jpg")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"imagebus: {folders[1] / 'a.jpg'}: expected a folder, since {folders[0]} is one\n"


def test_files_belong_together_by_name(folders: tuple[Path, Path]) -> None:
    raw, redacted = folders
    found = pairs_of(raw, redacted)
    assert found.both == [
        FilePair(raw / "a.png", redacted / "a.jpg"),
        FilePair(raw / "in/b.png", redacted / "in/b.png"),
    ]
    assert found.only_redacted == [redacted / "nobody-knows.png"]
    assert found.only_raw == [raw / "unredacted.png"]
    assert found.others == [redacted / "a.xmp"]


def test_files_that_are_none_or_the_same_are_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    raw, _ = folders
    with pytest.raises(UsageError, match="nothing: expected a file or a folder, got none"):
        pairs_of(raw, tmp_path / "nothing")
    with pytest.raises(UsageError, match="expected another file than the raw one"):
        pairs_of(raw, raw)
    with pytest.raises(UsageError, match="expected pictures or videos in it, got none"):
        pairs_of(raw, tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected true boxes"),
        ("frame,person,left\n1,2,3\n", r"line 2: expected frame,person,left,top,width,height with numbers"),
        ("frame,person,left,top,width,height\n1,2,3,4,wide,6\n", "got frame=1,.*width=wide"),
    ],
)
def test_another_csv_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text(text)
    with pytest.raises(UsageError, match=said):
        read_people(tmp_path / "truth.csv")
