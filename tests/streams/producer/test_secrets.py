"""A camera's password is in no output, no record and, where env:NAME is used, in no process list."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
import pytest

from streams.producer.urls import has_password, shown
from tests.bus import consume
from tests.processes import free_port
from tests.streams.cameras import rtsp_camera
from tests.streams.producing import TOPIC, producer

PASSWORD = "s3cretWord"


def test_a_password_is_used_but_never_shown(embedded: str, clip: Path) -> None:
    port = free_port()
    url = f"rtsp://viewer:{PASSWORD}@127.0.0.1:{port}/cam"
    camera = rtsp_camera(clip, port, "viewer", PASSWORD)
    with producer(embedded, "env:CAMERA", "-f", 1, env={"CAMERA": url}) as process:
        messages = consume(embedded, TOPIC, 3)
        assert not any(PASSWORD in word for word in psutil.Process(process.pid).cmdline())
        camera.close()
        process.wait_for_line("next try in 1 s")
        assert process.terminate(signal.SIGINT) == 0

    assert f"rtsp://viewer:***@127.0.0.1:{port}/cam: connected" in process.text
    assert PASSWORD not in process.text
    assert not any(PASSWORD.encode() in message.value() + message.key() for message in messages)


def test_a_refused_password_is_not_shown_either(embedded: str, clip: Path) -> None:
    port = free_port()
    with rtsp_camera(clip, port, "viewer", "another"):
        url = f"rtsp://viewer:{PASSWORD}@127.0.0.1:{port}/cam"
        with producer(embedded, "env:CAMERA", env={"CAMERA": url}) as process:
            process.wait_for_line(r"401 Unauthorized.*next try in")

    assert PASSWORD not in process.text


def test_a_password_on_the_command_line_is_warned_of(embedded: str) -> None:
    with producer(embedded, f"http://viewer:{PASSWORD}@127.0.0.1:{free_port()}/") as process:
        process.wait_for_line("SOURCE and its password stand in the process list; env:NAME keeps them out of it")
        process.wait_for_line("Connection refused")

    assert PASSWORD not in process.text


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("rtsp://user:p@cam:554/live", "rtsp://user:***@cam:554/live"),
        ("rtsp://user:p@ss/w?rd#@cam/live", "rtsp://user:***@cam/live"),
        ("rtsp://:p@cam/live", "rtsp://:***@cam/live"),
        ("http://token@cam/", "http://***@cam/"),
        ("http://cam/video.cgi?user=u&pwd=p", "http://cam/video.cgi?***"),
        ("rtsp://cam:554/user=u_password=p_channel=1", "rtsp://cam:554/***"),
        ("HTTP://u:p@cam/a?b", "HTTP://u:***@cam/a?***"),
    ],
)
def test_an_address_is_shown_without_what_is_secret(url: str, expected: str) -> None:
    assert shown(url) == expected
    assert has_password(url)


@pytest.mark.parametrize("source", ["rtmp://cam/live/one", "clips/a@b:c.avi", "WEBCAM:1", "env:CAMERA"])
def test_what_holds_no_secret_is_shown_as_it_is(source: str) -> None:
    assert shown(source) == source
