"""Video files: every N-th frame, in order, each acknowledged by the broker before the process ends with 0."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import termios
from pathlib import Path

import cv2
import msgpack
import numpy as np

from functions.core import jpeg
from tests.bus import consume
from tests.processes import IMAGEBUS
from tests.streams.producing import TOPIC, frames, produced, producer


def test_every_frame_of_a_file_reaches_kafka_in_order_under_the_sources_name(kafka: str, clip: Path) -> None:
    text = produced(kafka, clip, "-f", 1, "-n", "street", "-t", "EVERY_FRAME", "--lead", 0)

    messages = consume(kafka, "EVERY_FRAME", 795)
    records = [msgpack.unpackb(message.value()) for message in messages]
    assert [record["seq"] for record in records] == list(range(795))
    assert {message.key() for message in messages} == {b"street"}
    assert len({message.partition() for message in messages}) == 1
    assert "street: 795 frames on the bus" in text


def test_every_nth_frame_is_taken_the_first_and_the_last_included(embedded: str, clip: Path) -> None:
    produced(embedded, clip, "-f", 397)

    records = frames(embedded, TOPIC, 3)
    run = records[0]["id"].split("-")[0]
    assert len(run) == 12
    assert set(run) <= set("0123456789abcdef")
    assert [(record["seq"], record["id"]) for record in records] == [
        (0, f"{run}-0"),
        (397, f"{run}-397"),
        (794, f"{run}-794"),
    ]


def test_one_in_thirty_is_taken_by_default_and_captured_when_the_clip_says(embedded: str, clip: Path) -> None:
    produced(embedded, clip)

    records = frames(embedded, TOPIC, 27)
    assert [record["seq"] for record in records] == list(range(0, 795, 30))
    begin = records[0]["captured_at"]
    assert [record["captured_at"] - begin for record in records] == [n * 3_000_000 for n in range(27)]
    assert {record["source"] for record in records} == {"source"}
    assert not any(record["live"] for record in records)


def test_pictures_have_the_colours_that_opencv_sees(embedded: str, clip: Path) -> None:
    produced(embedded, clip, "-f", 100)

    record = frames(embedded, TOPIC, 8)[3]
    video = cv2.VideoCapture(str(clip))
    picture = [video.read()[1] for _ in range(301)][300]
    difference = jpeg.decode(record["jpeg"]).astype(int) - picture
    assert np.abs(difference).mean() < 3
    assert np.abs(difference.mean(axis=(0, 1))).max() < 2


def test_pictures_are_scaled_down_into_the_size_asked_for(embedded: str, clip: Path) -> None:
    produced(embedded, clip, "-f", 500, "--max-size", "500x500")

    assert [record["size_wh"] for record in frames(embedded, TOPIC, 2)] == [[500, 375], [500, 375]]


def test_a_loop_goes_on_counting_and_its_time_goes_on(embedded: str, clip: Path) -> None:
    with producer(embedded, clip, "-f", 265, "--loop") as process:
        records = frames(embedded, TOPIC, 7)
        assert process.terminate(signal.SIGINT, timeout_s=5) == 0

    assert [record["seq"] for record in records] == [n * 265 for n in range(7)]
    begin = records[0]["captured_at"]
    assert [record["captured_at"] - begin for record in records] == [n * 26_500_000 for n in range(7)]


def test_a_loop_in_real_time_is_live(embedded: str, clip: Path) -> None:
    with producer(embedded, clip, "-f", 1, "--loop", "--realtime"):
        records = frames(embedded, TOPIC, 11)

    assert all(record["live"] for record in records)
    took_us = records[10]["captured_at"] - records[0]["captured_at"]
    assert took_us > 900_000, "Expected ten frames of a clip of 10 frames/s to take a second"


def test_ctrl_c_ends_in_order_and_is_no_success_of_a_file(embedded: str, clip: Path) -> None:
    with producer(embedded, clip, "-f", 1, "--realtime") as process:
        sent = len(frames(embedded, TOPIC, 2))
        assert process.terminate(signal.SIGINT, timeout_s=5) == 128 + signal.SIGINT
        assert int(process.lines[-1].split()[1]) >= sent


def test_a_terminal_sees_a_progress_bar(embedded: str, clip: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    command = [*IMAGEBUS, "produce", str(clip), "-n", "street"]
    done = subprocess.run(command, env={**os.environ, "KAFKA_URL": embedded}, stderr=theirs, timeout=60, check=False)
    os.close(theirs)
    seen = os.read(ours, 65536).decode(errors="replace")  # a line of the bar may be cut
    os.close(ours)

    assert done.returncode == 0
    assert "street: 100%" in seen
    assert "27/27" in seen
