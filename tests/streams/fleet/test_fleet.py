"""`imagebus cameras`: those of the chain file run, each by itself, and the file is followed as it changes."""

from __future__ import annotations

import re
import signal
import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest
from click.testing import CliRunner

from streams.cli import imagebus
from tests.bus import consume
from tests.commands import Command
from tests.processes import Process
from tests.streams.cameras import controlled_mjpeg_camera
from tests.streams.fleet.fleets import States, camera, fleet, pictures, sources, times, write
from tests.streams.producing import TOPIC


def _running(*names: str):  # type: ignore[no-untyped-def]
    return lambda states: all(name in states and states[name].state == "running" for name in names)


def _cameras_of(parent: Process) -> list[psutil.Process]:
    """The processes of cameras: children of the one that forks them."""
    return [child for each in psutil.Process(parent.pid).children() for child in each.children()]


def _goes_to(port: int, socket: Any) -> bool:
    return bool(socket.raddr) and socket.raddr.port == port


def test_cameras_of_the_file_run_and_follow_it_without_touching_one_another(
    embedded: str, clip: Path, tmp_path: Path
) -> None:
    stays, goes = camera("stays", clip, fps=2), camera("goes", clip, every=5, max_size="400x400")
    states = States(embedded)
    own = {"IMAGEBUS_DATA_DIR": str(tmp_path / "data")}
    with fleet(embedded, tmp_path, stays, goes, env=own) as process:
        first = states.wait("two cameras", lambda now: _running("stays", "goes")(now) and now["goes"].size_wh)
        assert (first["goes"].size_wh, first["goes"].transport, first["goes"].topic) == ((768, 576), "file", TOPIC)
        consume(embedded, TOPIC, lambda messages: sources(messages) == {"stays", "goes"}, timeout_s=60)

        write(tmp_path, stays, camera("goes", "/nowhere", fsp=1))
        process.wait_for_line(r"nothing is changed, since the chain file does not check: .*did you mean fps\?")

        write(tmp_path, stays, camera("comes", clip, fps=1))
        after = states.wait(
            "the new one, without the old one", lambda now: _running("comes")(now) and "goes" not in now
        )
        assert after["stays"].run == first["stays"].run

        write(tmp_path, stays, camera("comes", clip, fps=4))
        changed = states.wait(
            "a changed one begun anew", lambda now: _running("comes")(now) and now["comes"].run != after["comes"].run
        )
        assert changed["stays"].run == first["stays"].run

        write(tmp_path, stays, camera("comes", clip, fps=4, enabled=False))
        states.wait("a camera that is disabled", lambda now: now["comes"].state == "stopped")
        assert process.terminate(signal.SIGINT) == 0
    states.wait("all stopped", lambda now: {state.state for state in now.values()} == {"stopped"})

    with fleet(embedded, tmp_path, stays, env=own):
        states.wait("none that was removed meanwhile", lambda now: _running("stays")(now) and "comes" not in now)


def test_whatever_one_camera_does_another_stands_still_for_no_five_seconds(
    embedded: str, clip: Path, tmp_path: Path
) -> None:
    states, flood, large = States(embedded), threading.Event(), threading.Event()
    with controlled_mjpeg_camera(pictures(), threading.Event(), large, flood) as place:
        # Small, so that the broker still has the first frames at the end.
        small = {"fps": 4, "max_size": "160x120"}
        lines = camera("steady", clip, **small), camera("bad", f"http://{place}/", **small)

        def victim(process: Process) -> psutil.Process:
            port = int(place.rpartition(":")[2])
            children = _cameras_of(process)
            return next(each for each in children if any(_goes_to(port, socket) for socket in each.net_connections()))

        with fleet(embedded, tmp_path, *lines) as process:
            first = states.wait("two cameras", _running("steady", "bad"))
            flood.set()
            states.wait("a flood", lambda now: now["bad"].fps_in > 50)
            flood.clear()
            large.set()
            states.wait("a size of 4K", lambda now: now["bad"].size_wh == (3840, 2160))
            victim(process).send_signal(signal.SIGSTOP)
            process.wait_for_line("bad: its process hung: it said nothing for 15 s", timeout_s=60)
            second = states.wait("a new run", lambda now: _running("bad")(now) and now["bad"].run != first["bad"].run)
            victim(process).send_signal(signal.SIGSEGV)
            process.wait_for_line("bad: its process died of SIGSEGV; next try in")
            last = states.wait("a third", lambda now: _running("bad")(now) and now["bad"].run != second["bad"].run)
            assert last["steady"].run == first["steady"].run
            assert {state.last_error for state in last.values()} <= {None, "its process died of SIGSEGV"}
    came_s = [at / 1000 for at in times(embedded, "steady")]
    assert max(later - at for at, later in pairwise(came_s)) < 5


def test_without_a_camera_it_waits_and_one_that_cannot_be_is_refused_without_its_password(
    embedded: str, tmp_path: Path
) -> None:
    states = States(embedded)
    with fleet(embedded, tmp_path) as process:
        process.wait_for_line(r"has no \[cameras.NAME\]: waiting for one")
        write(tmp_path, camera("gate", "gopher://user:secret@gate.example/x?token=secret"))
        refused = states.wait("a camera that is refused", lambda now: "gate" in now)["gate"]
        assert refused.state == "refused"
        assert "expected a URL of rtsp" in (refused.last_error or "")
        assert "secret" not in (refused.last_error or "") + process.text
        assert process.exit_code is None


def test_the_children_end_with_their_parent(embedded: str, clip: Path, tmp_path: Path) -> None:
    with fleet(embedded, tmp_path, camera("one", clip, fps=2)) as process:
        States(embedded).wait("a camera", _running("one"))
        children = _cameras_of(process)
        process.kill()
        _, alive = psutil.wait_procs(children, timeout=30)
        assert alive == []


def test_the_states_are_listed_as_a_table(
    embedded: str, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_URL", embedded)
    with fleet(embedded, tmp_path, camera("till", clip, fps=2)):
        States(embedded).wait("a camera", _running("till"))
        head, row = CliRunner().invoke(imagebus, ["cameras", "--list"], catch_exceptions=False).output.splitlines()
    assert head.split()[:2] == ["CAMERA", "STATE"]
    assert row.split()[:2] == ["till", "running"]
    assert "768x576" in row


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("fps = 1\nevery = 2", "Camera door.*expected fps, frames a second, or every"),
        ('topic = "REDACTION_FRAME"', "Camera door, topic: expected a topic for raw pictures"),
        ('topic = "CAMERAS"', "Camera door, topic: expected a topic of pictures"),
        ('max_size = "big"', "Camera door, max_size: expected `str` matching regex"),
        ("fps = 0", "Camera door, fps: expected `float` > 0"),
        ('password = "x"', "Camera door, password: expected one of url"),
    ],
)
def test_a_camera_that_cannot_be_is_refused_where_the_file_is_checked(
    line: str, said: str, tmp_path: Path, imagebus: Command
) -> None:
    path = tmp_path / "chain.toml"
    path.write_text(
        f'[stages.redact]\nfunction = "redact"\ninput = "SOURCE_FRAME"\noutput = "REDACTION_FRAME"\n'
        f'[topics.REDACTION_FRAME]\nredacted = true\n[cameras.door]\nurl = "WEBCAM"\n{line}\n'
    )
    ended = imagebus("chain", "check", path)
    assert ended.code == 2
    assert re.search(said, ended.err)
