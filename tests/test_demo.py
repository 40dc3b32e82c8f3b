"""`make demo`: one command, and a clip goes through the whole chain into a browser; Ctrl-C, and nothing is left."""

from __future__ import annotations

import signal
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from streams.wire import records
from tests.bus import consume
from tests.processes import IMAGEBUS, PROJECT, Process, free_port, lives
from tests.wait import wait_until

TOPICS = ("SOURCE_FRAME", "IMAGEAI_FRAME", "ANNOTATED_FRAME", "REDACTION_FRAME")


def test_the_makefile_runs_the_demo_that_is_tested_here() -> None:
    assert "imagebus broker -- honcho -e /dev/null -f Procfile.demo start" in (PROJECT / "Makefile").read_text()


def test_the_demo_shows_the_clip_on_every_topic_and_ctrl_c_leaves_nothing(demo_clip: Path, tmp_path: Path) -> None:
    command = [*IMAGEBUS, "broker", "--", "honcho", "-e", "/dev/null", "-f", "Procfile.demo", "start"]
    ports = {"VIEWER_PORT": free_port(), "CAMERA_PORT": free_port()}
    chain = PROJECT / "streams" / "chain-demo.toml"
    env = {
        "VIDEO": str(demo_clip),
        "IMAGEBUS_CHAIN": str(chain),
        "IMAGEBUS_DATA_DIR": str(tmp_path),
        **{name: str(port) for name, port in ports.items()},
    }
    with Process(command, env) as demo:
        url = demo.wait_for_line("KAFKA_URL=").split("KAFKA_URL=")[1].split()[0]
        for topic in TOPICS:
            (message, *_) = consume(url, topic, 1, timeout_s=60)
            assert message.key() == b"demo"
            record = records.decode(message.value() or b"")
            assert (record.redaction is not None) == (topic == "REDACTION_FRAME")
        assert record.redaction.covered < 1
        for port in ports.values():
            demo.wait_for_line(f"http://127.0.0.1:{port}")
            wait_until(lambda port=port: _opens(port), 10, f"a page on port {port}")
        family = psutil.Process(demo.pid).children(recursive=True)
        assert len(family) >= 5  # honcho, worker, viewer, camera, producer
        demo.terminate(signal.SIGINT, timeout_s=8)
        assert [process for process in family if lives(process)] == []


def _opens(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/", timeout=10) as page:
            return bool(page.status == 200)
    except URLError:
        return False
