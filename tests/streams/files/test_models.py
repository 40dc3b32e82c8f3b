"""`imagebus models`: listed with what is here; fetched through cuts, lies and proxies; never the wrong bytes."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.processes import IMAGEBUS, PROJECT

WHOLE = random.Random(1).randbytes(300_000)
SHA256 = hashlib.sha256(WHOLE).hexdigest()


@dataclass
class Server:
    """An HTTP server whose manners a test chooses."""

    answer: Callable[[BaseHTTPRequestHandler, int], None]
    ranges: list[int] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    url: str = ""

    @property
    def port(self) -> str:
        return self.url.rpartition(":")[2].partition("/")[0]


@pytest.fixture
def server() -> Iterator[Server]:
    told = Server(whole)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
            told.ranges.append(start)
            told.hosts.append(self.headers["Host"])
            told.answer(self, start)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        told.url = f"http://127.0.0.1:{listening.server_port}/tiny.onnx"
        yield told
        listening.shutdown()


def whole(handler: BaseHTTPRequestHandler, start: int) -> None:
    send(handler, WHOLE[start:], 206 if start else 200)


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, length: int | None = None) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "models"
    path.mkdir()
    return path


def imagebus(folder: Path, url: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The command, on a host whose own models.toml knows a model `tiny` at this URL."""
    entry = f"""
        [tiny]
        summary = "A test's own"
        detector = "detect_onnx"
        url = "{url}"
        file = "tiny.onnx"
        bytes = {len(WHOLE)}
        sha256 = "{SHA256}"
        licence = "MIT"
    """
    (folder / "models.toml").write_text(entry)
    plain: Mapping[str, str] = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return subprocess.run(
        [*IMAGEBUS, *arguments],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env={**plain, "IMAGEBUS_MODELS": str(folder), **environ},
        timeout=60,
        check=False,
    )


def assert_refused(ran: subprocess.CompletedProcess[str], folder: Path, said: str) -> None:
    assert ran.returncode == 2
    assert said in ran.stderr
    assert ran.stderr.startswith("imagebus: ")
    assert ran.stderr.count("\n") == 1
    assert f"at {folder}/tiny.onnx" in ran.stderr


def test_models_are_listed_with_what_is_here(server: Server, folder: Path) -> None:
    def entry() -> str:
        listed = imagebus(folder, server.url, "models").stdout
        assert "\nyolox-nano: 80 things of COCO" in listed
        return listed[listed.index("tiny: A test's own") :]

    assert entry().splitlines()[1:] == [
        "  detector detect_onnx",
        "  size     0.3 MB",
        "  licence  MIT",
        f"  source   {server.url}",
        f"  sha256   {SHA256}",
        "  file     not on this host",
        "",
    ]
    assert imagebus(folder, server.url, "models", "fetch", "tiny").returncode == 0
    assert f"  file     {folder}/tiny.onnx" in entry()


def test_a_model_is_fetched_whole(server: Server, folder: Path) -> None:
    ran = imagebus(folder, server.url, "models", "fetch", "tiny")
    assert (ran.returncode, ran.stdout) == (0, f"tiny: {folder}/tiny.onnx\n")
    assert (folder / "tiny.onnx").read_bytes() == WHOLE
    assert {path.name for path in folder.iterdir()} == {"models.toml", "tiny.onnx"}


def test_a_model_that_is_here_is_not_fetched_again(server: Server, folder: Path) -> None:
    (folder / "tiny.onnx").write_bytes(WHOLE)
    assert "tiny is here" in imagebus(folder, server.url, "models", "fetch", "tiny").stdout
    assert server.ranges == []


def test_a_connection_that_is_cut_is_taken_up_where_it_was(server: Server, folder: Path) -> None:
    def cut(handler: BaseHTTPRequestHandler, start: int) -> None:
        send(handler, WHOLE[start : start + 120_000], 206 if start else 200, length=len(WHOLE) - start)

    server.answer = cut
    assert imagebus(folder, server.url, "models", "fetch", "tiny").returncode == 0
    assert (folder / "tiny.onnx").read_bytes() == WHOLE
    assert server.ranges == [0, 120_000, 240_000]


def test_a_download_that_was_broken_off_goes_on_the_next_time(server: Server, folder: Path) -> None:
    (folder / "tiny.onnx.part").write_bytes(WHOLE[:100_000])
    assert imagebus(folder, server.url, "models", "fetch", "tiny").returncode == 0
    assert (folder / "tiny.onnx").read_bytes() == WHOLE
    assert server.ranges == [100_000]


def test_a_server_that_knows_no_ranges_begins_anew(server: Server, folder: Path) -> None:
    (folder / "tiny.onnx.part").write_bytes(WHOLE[:100_000])
    server.answer = lambda handler, start: send(handler, WHOLE)
    assert imagebus(folder, server.url, "models", "fetch", "tiny").returncode == 0
    assert (folder / "tiny.onnx").read_bytes() == WHOLE


def test_a_length_that_is_too_small_is_asked_for_again(server: Server, folder: Path) -> None:
    server.answer = lambda handler, start: send(handler, WHOLE[start:], 206 if start else 200, length=150_000)
    assert imagebus(folder, server.url, "models", "fetch", "tiny").returncode == 0
    assert (folder / "tiny.onnx").read_bytes() == WHOLE
    assert server.ranges == [0, 150_000]


def test_wrong_bytes_are_refused_and_nothing_is_deleted(server: Server, folder: Path) -> None:
    (folder / "tiny.onnx").write_bytes(b"what somebody put here")
    server.answer = lambda handler, start: send(handler, WHOLE[::-1])
    ran = imagebus(folder, server.url, "models", "fetch", "tiny")
    assert_refused(ran, folder, f"expected SHA-256 {SHA256}, got ")
    assert (folder / "tiny.onnx").read_bytes() == b"what somebody put here"
    assert (folder / "tiny.onnx.wrong").read_bytes() == WHOLE[::-1]
    server.answer = whole
    assert imagebus(folder, server.url, "models", "fetch", "tiny").returncode == 0
    assert (folder / "tiny.onnx").read_bytes() == WHOLE
    assert (folder / "tiny.onnx.wrong1").read_bytes() == b"what somebody put here"


def test_more_bytes_than_there_should_be_are_refused(server: Server, folder: Path) -> None:
    server.answer = lambda handler, start: send(handler, WHOLE + b"more" * 100_000)
    assert_refused(imagebus(folder, server.url, "models", "fetch", "tiny"), folder, "expected SHA-256")
    assert not (folder / "tiny.onnx").exists()


def test_a_server_that_has_not_the_file_says_so(server: Server, folder: Path) -> None:
    server.answer = lambda handler, start: handler.send_error(404)
    assert_refused(imagebus(folder, server.url, "models", "fetch", "tiny"), folder, "the server says 404")
    assert len(server.ranges) == 1


def test_without_a_network_it_says_which_file_to_put_where(folder: Path) -> None:
    url = "http://127.0.0.1:1/tiny.onnx"
    ran = imagebus(folder, url, "models", "fetch", "tiny")
    assert_refused(ran, folder, f"without a network: put {url} at {folder}/tiny.onnx")
    assert "the server cannot be reached" in ran.stderr


def test_a_detector_without_its_weights_says_the_same(folder: Path, data: Path) -> None:
    url = "http://127.0.0.1:1/tiny.onnx"
    ran = imagebus(folder, url, "try", "detect_onnx", str(data / "vtest.avi"), "--model", "tiny")
    assert_refused(ran, folder, f"run `imagebus models fetch tiny`, or put {url} at {folder}/tiny.onnx")


def test_a_proxy_of_the_environment_is_used(server: Server, folder: Path) -> None:
    proxy = f"http://127.0.0.1:{server.port}"
    ran = imagebus(folder, "http://models.invalid/tiny.onnx", "models", "fetch", "tiny", http_proxy=proxy)
    assert ran.returncode == 0
    assert server.hosts == ["models.invalid"]
    assert (folder / "tiny.onnx").read_bytes() == WHOLE


def test_a_name_nobody_knows_is_refused(server: Server, folder: Path) -> None:
    ran = imagebus(folder, server.url, "models", "fetch", "yolox-nana")
    assert ran.returncode == 2
    assert "Model yolox-nana: expected one of person-ssdlite," in ran.stderr
    assert "did you mean yolox-nano?" in ran.stderr


def test_a_model_without_a_known_checksum_is_not_fetched(server: Server, folder: Path) -> None:
    ran = imagebus(folder, server.url, "models", "fetch", "tiny-yolov3")
    assert ran.returncode == 2
    assert "its checksum is not known, so it is not fetched: put https://" in ran.stderr
    assert f"at {folder}/yolo-tiny.h5" in ran.stderr
