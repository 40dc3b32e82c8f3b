"""Checks of the host: Python, packages, models, networks, disk, ports."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

import psutil
from packaging.requirements import Requirement

from functions.core.errors import UsageError
from functions.core.registry import FunctionSpec
from functions.models import catalogue
from functions.models.openvino_net import EIGHT_BITS, preferred_precision
from functions.models.precision import quick_precision
from functions.models.weights import WeightsError
from streams.chain.types import Chain
from streams.doctor.finding import FAILURE, OK, WARNING, Finding
from streams.runtime.ports import process_at
from streams.settings import Settings

PYTHON = (3, 11)
# A worker keeps little there; without any space it cannot even begin.
LEAST_BYTES, FEW_BYTES = 50 * 1024**2, 1024**3
_AGAIN = "install imagebus again: pip install --upgrade imagebus"
_PORTS = {"viewer": 5000, "camera": 8080}


def python() -> Iterator[Finding]:
    """The interpreter and the system."""
    version = platform.python_version()
    if sys.version_info < PYTHON:
        yield Finding(FAILURE, "Python", f"expected 3.11 or later, got {version}", "install Python 3.11 or later")
    else:
        yield Finding(OK, "Python", f"{version} on {platform.system()} {platform.machine()}")


def packages() -> Iterator[Finding]:
    """Whether what imagebus needs is installed, in versions that fit."""
    wrong = [problem for line in metadata.requires("imagebus") or [] if (problem := _problem(Requirement(line)))]
    for problem in wrong:
        yield Finding(FAILURE, "packages", problem, _AGAIN)
    if not wrong:
        yield Finding(OK, "packages", f"imagebus {metadata.version('imagebus')} and what it needs")


def _problem(wanted: Requirement) -> str:
    if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
        return ""
    try:
        version = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return f"expected {wanted.name} {wanted.specifier}, got none"
    fits = wanted.specifier.contains(version, prereleases=True)
    return "" if fits else f"expected {wanted.name} {wanted.specifier}, got {version}"


def functions_ready(chain: Chain, functions: Mapping[str, FunctionSpec]) -> Iterator[Finding]:
    """Whether each stage's function has what it needs, its model above all."""
    for name, stage in chain.stages.items():
        spec = functions[stage.function]
        try:
            spec.prepare(spec.validate(chain.options(stage, spec)))
        except (UsageError, ImportError) as error:
            yield Finding(FAILURE, "models", f"stage {name}, {spec.name}", str(error))
        else:
            yield Finding(OK, "models", f"stage {name}: {spec.name} has what it needs")


def model_files(folder: Path) -> Iterator[Finding]:
    """Whether the models that were fetched are what they should be."""
    for name, model in catalogue.catalogue().items():
        if model.package or not (folder / model.file).exists():
            continue
        try:
            catalogue.find(name)
        except WeightsError as error:
            yield Finding(FAILURE, "models", f"{name}: not the file expected", str(error))
        else:
            yield Finding(OK, "models", f"{name}: {folder / model.file}")


def precision() -> Iterator[Finding]:
    """The arithmetic in which networks run on this processor, and what became of the one that OpenVINO prefers."""
    try:
        preferred, taken = preferred_precision("CPU"), quick_precision("CPU")
        of_people = quick_precision("CPU", EIGHT_BITS)
    except ImportError as error:
        yield Finding(FAILURE, "networks", f"OpenVINO cannot be loaded: {error}", _AGAIN)
        return
    passed_over = f": {preferred}, which its instructions offer, saves less than a tenth" if taken != preferred else ""
    people = f", that of detect_people in {of_people}" if of_people != taken else ""
    yield Finding(OK, "networks", f"run in {taken}{people} on this processor{passed_over}")


def disk(settings: Settings) -> Iterator[Finding]:
    """Whether the worker's folder can be written and has space."""
    folder = Path(settings.data_dir)
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        yield Finding(
            FAILURE,
            "disk",
            f"{there} cannot be written",
            "let this user write there, or name another in IMAGEBUS_DATA_DIR",
        )
        return
    free = shutil.disk_usage(there).free
    level = FAILURE if free < LEAST_BYTES else WARNING if free < FEW_BYTES else OK
    found = f"{free / 1024**2:,.0f} MiB free under {folder}"
    yield Finding(level, "disk", found, "" if level == OK else "free some, or name another folder in IMAGEBUS_DATA_DIR")


def ports(settings: Settings, used: Mapping[str, int] = _PORTS) -> Iterator[Finding]:
    """Whether what listens can listen, or does so already."""
    own = {"worker": settings.web_port} if settings.web_port else {}
    for process, port in {**used, **own}.items():
        yield _port(process, port)


def _port(process: str, port: int) -> Finding:
    """Whether this process of imagebus can listen there, by what the port itself answers: a name proves nothing."""
    if _is_free(port):
        return Finding(OK, "ports", f"{port}, for the {process}, is free")
    there = process_at(port)
    if there == process:
        return Finding(OK, "ports", f"{port}, for the {process}, is taken by one that runs")
    holder = f"imagebus's {there}" if there else _owner(port)
    other = "IMAGEBUS_WEB_PORT names another" if process == "worker" else "--port names another"
    taken = f"{port}, for the {process}, is taken by {holder}"
    return Finding(FAILURE, "ports", taken, f"end that program, or {other}")


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _owner(port: int) -> str:
    """Which program listens there, as far as this user may know."""
    try:
        found = [
            each.pid
            for each in psutil.net_connections("tcp")
            if each.laddr and each.laddr.port == port and each.status == psutil.CONN_LISTEN and each.pid
        ]
        return " ".join(psutil.Process(found[0]).cmdline()[:3]) if found else "another program"
    except psutil.Error:
        return "another program"
