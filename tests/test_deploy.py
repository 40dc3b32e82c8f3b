"""What is deployed: units that systemd takes, a wheel that runs without the tree, a compose file."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.chain import types as chains
from streams.wire import records
from streams.worker.process import Watchdog
from tests.bus import consume
from tests.conftest import has_docker
from tests.processes import PROJECT, Process, free_port
from tests.streams.chains import environment, worker
from tests.wait import wait_until_async

PACKAGES = ("functions", "streams", "web")
# In tenths: 10 would be a service that may do anything.
EXPOSURE_AT_MOST = 20
# Of the Compose specification, what the file uses.
KNOWN = {
    *("build", "image", "restart", "env_file", "read_only", "tmpfs", "cap_drop", "security_opt", "depends_on", "ports"),
    *("volumes", "environment", "healthcheck", "command", "network_mode", "profiles"),
}


def run(*command: str | Path, cwd: Path | None = None, **environ: str) -> str:
    """The output of a command that must succeed."""
    ran = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": "", **environ},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.returncode == 0, f"{' '.join(map(str, command))}:\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout + ran.stderr


def test_systemd_takes_the_units_and_finds_them_well_guarded(
    tmp_path: Path, program: Callable[[str, str], str]
) -> None:
    analyze = program("systemd-analyze", "install systemd (Debian: apt-get install systemd)")
    run("make", "--old-file=install", "units", f"UNITS={tmp_path}", cwd=PROJECT)
    path = {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    units = sorted(tmp_path.glob("*.service"))
    assert [unit.name for unit in units][-1] == "imagebus-worker-1.service"
    assert "$${VIEWER_PORT:-5000}" in (tmp_path / "imagebus-viewer-1.service").read_text()
    assert "$${CAMERA_PORT:-8080}" in (tmp_path / "imagebus-camera-1.service").read_text()
    told = run(analyze, "verify", *units, *tmp_path.glob("*.target"), **path)
    assert "imagebus" not in told
    for unit in units:
        limit = f"--threshold={EXPOSURE_AT_MOST}"
        table = run(analyze, "security", "--offline=yes", "--no-pager", limit, unit.name, **path)
        assert "Service runs under a static non-root user identity" in table


@pytest.fixture
def listening(tmp_path: Path) -> socket.socket:
    """A socket as systemd listens on one."""
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ear.bind(str(tmp_path / "notify"))
    ear.settimeout(20)
    return ear


def test_a_worker_tells_systemd_that_it_has_started_and_lives(
    listening: socket.socket, embedded: str, tmp_path: Path
) -> None:
    told = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "600000"}
    with listening, worker(environment(embedded, tmp_path) | told):
        assert [listening.recv(99) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]


async def test_a_worker_that_does_not_live_says_nothing(listening: socket.socket, tmp_path: Path) -> None:
    asked: list[int] = []

    def alive() -> bool:
        asked.append(1)
        return False

    listening.settimeout(0)
    async with Watchdog(alive, {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000"}):
        await wait_until_async(lambda: len(asked) >= 3, 10, "a watchdog that asks")
    with listening:
        assert listening.recv(99) == b"READY=1"
        with pytest.raises(BlockingIOError):
            listening.recv(99)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, from a copy of the tree: building leaves things behind."""
    copy = tmp_path_factory.mktemp("copy")
    for name in (*PACKAGES, "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        source = PROJECT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", copy)
    return next((copy / "dist").glob("*.whl"))


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    files = (path for package in PACKAGES for path in (PROJECT / package).rglob("*.*") if path.suffix != ".pyc")
    assert {str(path.relative_to(PROJECT)) for path in files} <= held
    assert {
        "functions/models/models.toml",
        "streams/chain.toml",
        "web/assets/static/main.js",
        "web/assets/page.html",
    } <= held
    assert not [name for name in held if name.startswith(("tests/", "bench/"))]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment with the wheel; what imagebus needs comes from the one that runs the tests."""
    folder = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel)
    site = next(folder.glob("lib/python*/site-packages"))
    # A line of a .pth adds a folder, and not what that folder's own .pth say: the tree stays out of it.
    (site / "needs.pth").write_text(sysconfig.get_path("purelib"))
    for name in ("faust", "honcho"):
        script = python.with_name(name)
        script.write_text(f'#!/bin/sh\nexec "{python}" -m {name} "$@"\n')
        script.chmod(0o755)
    return folder / "bin"


def test_what_the_wheel_installs_runs_without_the_tree(installed: Path, tmp_path: Path) -> None:
    command = installed / "imagebus"
    where = run(installed / "python", "-c", "import streams; print(streams.__file__)", cwd=tmp_path)
    assert where.startswith(str(installed.parent))
    assert "doctor" in run(command, "--help", cwd=tmp_path)
    assert "detect" in run(command, "chain", "show", cwd=tmp_path)
    run(command, "chain", "check", cwd=tmp_path)


def test_what_the_wheel_installs_runs_the_demo_in_an_empty_folder(
    installed: Path, demo_clip: Path, tmp_path: Path
) -> None:
    (site,) = installed.parent.glob("lib/python*/site-packages")
    chain = site / "streams" / "chain-demo.toml"
    # The tree's Procfile is the only file that is not the wheel's.
    procfile = tmp_path / "Procfile.demo"
    shutil.copy(PROJECT / procfile.name, procfile)
    env = {
        "PATH": f"{installed}{os.pathsep}{os.defpath}",
        "PYTHONPATH": "",
        "VIDEO": str(demo_clip),
        "IMAGEBUS_CHAIN": str(chain),
        "IMAGEBUS_DATA_DIR": str(tmp_path / "data"),
        "VIEWER_PORT": str(free_port()),
        "CAMERA_PORT": str(free_port()),
    }
    command = [installed / "imagebus", "broker", "--", "honcho", "-e", "/dev/null", "-f", procfile.name, "start"]
    with Process(command, env, cwd=tmp_path) as demo:
        url = demo.wait_for_line("KAFKA_URL=").split("KAFKA_URL=")[1].split()[0]
        for topic in chains.load(chain).topic_names:
            (message, *_) = consume(url, topic, 1, timeout_s=60)
            record = records.decode(message.value() or b"")
            assert (record.redaction is not None) == (topic == "REDACTION_FRAME")
        for name in ("VIEWER_PORT", "CAMERA_PORT"):
            demo.wait_for_line(f"http://127.0.0.1:{env[name]}")
        demo.terminate(signal.SIGINT, timeout_s=8)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """What `docker compose` makes of the file where it is there, else the file."""
    if has_docker():
        return dict(
            yaml.safe_load(
                run("docker", "compose", "--profile", "example", "--profile", "restream", "config", cwd=PROJECT)
            )
        )
    return dict(yaml.safe_load((PROJECT / "docker-compose.yml").read_text("utf-8")))


def test_every_container_of_ours_is_read_only_without_rights_and_asked_whether_it_lives(
    compose: dict[str, Any],
) -> None:
    assert {key for service in compose["services"].values() for key in service} <= KNOWN | {"networks", "entrypoint"}
    for name, service in compose["services"].items():
        if name != "kafka":
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]
    for name in ("worker", "viewer", "camera"):
        assert "/health" in compose["services"][name]["healthcheck"]["test"][-1]
    assert "\nUSER imagebus\n" in (PROJECT / "Dockerfile").read_text()


if has_docker():  # elsewhere there is nothing to build with

    def test_the_image_runs_as_nobody_on_a_read_only_disk() -> None:
        run("docker", "build", "--quiet", "--tag", "imagebus-test", ".", cwd=PROJECT)
        guarded = ["docker", "run", "--rm", "--read-only", "--cap-drop=ALL", "imagebus-test"]
        assert run(*guarded, "id", "-u").strip() == "10001"
        run(*guarded, "imagebus", "chain", "check")
