"""`imagebus doctor` and a port that is taken: the port itself says by whom, no command line does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streams.doctor import host as doctor_host
from streams.doctor.finding import FAILURE, OK, Finding
from streams.settings import Settings
from tests.processes import Process, free_port
from tests.streams.chains import environment, wait_ready, worker
from tests.wait import wait_until
from tests.web.ingesting import start_ingest
from tests.web.viewing import start_viewer
from web.auth.certificate import make

STUB = """
[stages.stub]
function = "detect_stub"
input = "SOURCE_FRAME"
output = "IMAGEAI_FRAME"
"""
STRANGER = """
import http.server, signal
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
print("port", server.server_port)
"""
ANSWERS = "server.serve_forever()"
IS_SILENT = "signal.pause()"


def looked_at(port: int, process: str) -> Finding:
    """What the doctor says of the port that this process would listen on."""
    used, web_port = ({}, port) if process == "worker" else ({process: port}, 0)
    (found,) = doctor_host.ports(Settings(web_port=web_port), used)
    return found


def own(port: int, process: str) -> Finding:
    """What it says where that process runs."""
    return Finding(OK, "ports", f"{port}, for the {process}, is taken by one that runs")


@contextmanager
def stranger(folder: Path, does: str) -> Iterator[int]:
    """The port of another project's server, whose command line is full of words that imagebus's own have."""
    program = folder / "imagebus" / "faust" / "viewer.py"
    program.parent.mkdir(parents=True)
    program.write_text(STRANGER + does)
    (program.parent / "health").write_text("alive\n")
    with Process([sys.executable, program], cwd=program.parent) as process:
        yield int(process.wait_for_line("^port ").split()[1])


@pytest.mark.parametrize(
    ("process", "does"), [("viewer", ANSWERS), ("camera", ANSWERS), ("worker", ANSWERS), ("viewer", IS_SILENT)]
)
def test_another_program_in_a_folder_named_imagebus_is_not_taken_for_imagebus(
    process: str, does: str, tmp_path: Path
) -> None:
    with stranger(tmp_path, does) as port:
        found = looked_at(port, process)
    assert found.level == FAILURE, found
    assert f"{port}, for the {process}, is taken by {sys.executable}" in found.found
    assert ("IMAGEBUS_WEB_PORT" if process == "worker" else "--port") in found.do


def test_what_runs_already_is_known_and_one_of_another_kind_is_named(embedded: str, tmp_path: Path) -> None:
    env = environment(embedded, tmp_path, STUB, web_port=free_port())
    with start_viewer(embedded) as viewing, start_ingest(embedded) as ingest, worker(env) as stages:
        wait_ready(stages, "stub")
        wait_until(viewing.state, 20, "a viewer that answers")
        camera = int(ingest.url.rpartition(":")[2])
        at = {"viewer": viewing.port, "camera": camera, "worker": int(env["IMAGEBUS_WEB_PORT"])}
        assert [looked_at(port, process) for process, port in at.items()] == [
            own(port, process) for process, port in at.items()
        ]
        other = looked_at(camera, "viewer")
    assert (other.level, other.found) == (FAILURE, f"{camera}, for the viewer, is taken by imagebus's camera")


def test_a_viewer_that_speaks_https_is_known_as_well(embedded: str, tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    for path, pem in zip((cert, key), make(("localhost",)), strict=True):
        path.write_bytes(pem)
    with start_viewer(embedded, "--tls-cert", str(cert), "--tls-key", str(key)) as viewing:
        expected = own(viewing.port, "viewer")
        wait_until(lambda: looked_at(viewing.port, "viewer") == expected, 20, "a viewer that answers")
