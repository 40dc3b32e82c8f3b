"""Cameras: RTSP, RTMP and MJPEG over HTTP; connected again when they go, end or fall silent."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import cv2
import pytest

from streams.producer.reconnecting import SILENCE_S
from tests.bus import length
from tests.processes import free_port
from tests.streams.cameras import mjpeg_camera, rtmp_camera, rtsp_camera, silent_camera, web_folder
from tests.streams.producing import TOPIC, doubled, frames, producer

Program = Callable[[str, str], str]
GIVES_UP_S = sum(SILENCE_S) + 10


@pytest.fixture
def jpegs(clip: Path) -> list[bytes]:
    """Five JPEGs as no encoder of ours would make them."""
    video = cv2.VideoCapture(str(clip))
    pictures = [video.read()[1] for _ in range(5)]
    return [cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 60])[1].tobytes() for picture in pictures]


def test_motion_jpeg_passes_through_byte_for_byte(embedded: str, jpegs: list[bytes]) -> None:
    with mjpeg_camera(jpegs) as place, producer(embedded, f"http://{place}/video", "-f", 1) as process:
        records = frames(embedded, TOPIC, 12)
        process.terminate(signal.SIGINT)

    assert [record["seq"] for record in records] == list(range(12))
    sent = [jpegs.index(record["jpeg"]) for record in records]
    assert sent == [(sent[0] + n) % 5 for n in range(12)]
    assert all(record["live"] for record in records)
    times = [record["captured_at"] for record in records]
    assert times == sorted(set(times))


def test_motion_jpeg_is_scaled_where_a_smaller_size_is_asked_for(embedded: str, jpegs: list[bytes]) -> None:
    with mjpeg_camera(jpegs) as place, producer(embedded, f"http://{place}/", "-f", 1, "--max-size", "400x400"):
        (record, *_) = frames(embedded, TOPIC, 1)

    assert record["size_wh"] == [400, 300]


def test_motion_jpeg_without_huffman_tables_becomes_whole_jpegs(embedded: str, jpegs: list[bytes]) -> None:
    without = [_without_huffman_tables(jpeg) for jpeg in jpegs]
    with mjpeg_camera(without) as place, producer(embedded, f"http://{place}/", "-f", 1):
        (record, *_) = frames(embedded, TOPIC, 1)

    assert b"\xff\xc4" in record["jpeg"]
    assert record["size_wh"] == [768, 576]


def test_an_rtsp_camera_that_is_killed_and_comes_back_goes_on_where_it_was(embedded: str, clip: Path) -> None:
    port = free_port()
    camera = rtsp_camera(clip, port)
    with producer(embedded, f"rtsp://127.0.0.1:{port}/cam", "-f", 2) as process:
        frames(embedded, TOPIC, 3)
        camera.kill()
        process.wait_for_line(r"next try in 1 s")
        camera.close()
        camera = rtsp_camera(clip, port)
        process.wait_for_line("connected, h264 768x576", count=2)
        records = frames(embedded, TOPIC, length(embedded, TOPIC) + 5)
        assert process.terminate(signal.SIGINT) == 0
    camera.close()

    assert [record["seq"] for record in records] == list(range(0, 2 * len(records), 2))
    assert len({record["id"].split("-")[0] for record in records}) == 1
    assert doubled(records) == []
    times = [record["captured_at"] for record in records]
    assert times == sorted(times)


def test_an_rtmp_camera_is_watched_again_after_it_has_ended(embedded: str, clip: Path, program: Program) -> None:
    port = free_port()
    camera = rtmp_camera(program, clip, port)
    with producer(embedded, f"rtmp://127.0.0.1:{port}/live/cam", "-f", 1) as process:
        frames(embedded, TOPIC, 3)
        camera.close()
        process.wait_for_line("next try in")
        with rtmp_camera(program, clip, port):
            process.wait_for_line("connected, h264 768x576", count=2)


def test_hls_is_watched_from_its_first_key_frame(embedded: str, clip: Path, program: Program, tmp_path: Path) -> None:
    ffmpeg = program("ffmpeg", "install it (Debian: apt-get install ffmpeg)")
    code = ["-t", "3", "-c:v", "libx264", "-preset", "ultrafast", "-g", "250", "-f", "hls"]
    subprocess.run([ffmpeg, "-v", "error", "-i", clip, *code, tmp_path / "cam.m3u8"], check=True, timeout=60)
    with web_folder(tmp_path) as place, producer(embedded, f"http://{place}/cam.m3u8", "-f", 1):
        records = frames(embedded, TOPIC, 30)

    assert [record["seq"] for record in records] == list(range(30))


def test_a_camera_that_never_says_a_word_is_given_up_and_tried_again(embedded: str) -> None:
    with silent_camera() as place, ExitStack() as stack:
        urls = {scheme: f"{scheme}://{place}/live/cam" for scheme in ("rtsp", "rtmp", "http")}
        for process in [stack.enter_context(producer(embedded, url, "-n", name)) for name, url in urls.items()]:
            process.wait_for_line(r"nothing came for \d+ s; next try in 0.5 s", GIVES_UP_S)
            assert process.terminate(signal.SIGINT, timeout_s=5) == 0


def test_a_camera_that_freezes_does_not_freeze_the_producer(embedded: str, clip: Path) -> None:
    port = free_port()
    with rtsp_camera(clip, port) as camera, producer(embedded, f"rtsp://127.0.0.1:{port}/cam", "-f", 1) as process:
        frames(embedded, TOPIC, 3)
        camera.send(signal.SIGSTOP)
        process.wait_for_line("nothing came for", GIVES_UP_S)
        camera.send(signal.SIGCONT)
        process.wait_for_line("connected", count=2)
        assert frames(embedded, TOPIC, length(embedded, TOPIC) + 3)


def test_a_camera_that_is_not_there_yet_is_waited_for(embedded: str, jpegs: list[bytes]) -> None:
    with producer(embedded, f"http://127.0.0.1:{free_port()}/") as process:
        process.wait_for_line("Connection refused; next try in 0.5 s")
        process.wait_for_line("Connection refused; next try in 2 s")
        assert process.terminate(signal.SIGTERM, timeout_s=5) == 0


def _without_huffman_tables(jpeg: bytes) -> bytes:
    """The JPEG as cheap cameras send it; OpenCV writes the standard tables, which are then implied."""
    kept, at = jpeg[:2], 2
    while (marker := jpeg[at + 1]) != 0xDA:
        length = 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        kept += b"" if marker == 0xC4 else jpeg[at : at + length]
        at += length
    return kept + jpeg[at:]
