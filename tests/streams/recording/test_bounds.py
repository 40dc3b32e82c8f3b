"""Recordings keep within days and bytes, the oldest of all sources going first; a full disk is said and outlived."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from streams.recording.numbers import Head, read
from tests.streams.recording.recorded import MINUTE_US, SECOND_US, Disk, Shooting, a_minute, send, wait_until_read
from tests.wait import wait_until


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "recordings")


def _bytes(root: Path) -> int:
    return sum(path.stat().st_size for path in root.rglob("??-??-??*") if path.is_file())


def test_the_oldest_files_of_all_sources_make_room_for_what_comes(embedded: str, disk: Disk) -> None:
    yard, gate, began = Shooting("yard"), Shooting("gate"), a_minute(30)
    bound = 40_000
    with disk.recording(embedded, keep_gb=bound / 1e9) as recorder:
        for minute in range(20):
            send(embedded, gate.frames(began + minute * MINUTE_US, 25))
            send(embedded, yard.frames(began + minute * MINUTE_US + SECOND_US, 25))
            wait_until_read(recorder, embedded, disk.conf.topic)  # of both, before either goes on
    assert 0.8 * bound < _bytes(disk.root) <= bound
    kept = {source: [file.starts_s for file in disk.files(source)] for source in ("yard", "gate")}
    assert kept["yard"][-1] == (began + 19 * MINUTE_US + SECOND_US) / 1e6
    assert abs(len(kept["yard"]) - len(kept["gate"])) <= 1
    assert 1 < len(kept["yard"]) < 20


def test_a_bound_below_one_file_holds_all_the_same(embedded: str, disk: Disk) -> None:
    yard, began = Shooting(size_wh=(320, 240)), a_minute()
    with disk.recording(embedded, keep_gb=9_000 / 1e9):
        send(embedded, yard.frames(began, 250))
    assert 0 < _bytes(disk.root) <= 9_000


def test_what_is_older_than_the_bound_in_days_goes_and_with_it_its_day(embedded: str, disk: Disk) -> None:
    old, new, began = Shooting("yard"), Shooting("yard", run="ba9876543210"), a_minute(5)
    with disk.recording(embedded):
        send(embedded, old.frames(a_minute(3 * 24 * 60), 5))
        send(embedded, new.frames(began, 5))
    assert len(disk.files()) == 2
    with disk.recording(embedded, keep_days=2):
        pass
    assert [file.starts_s for file in disk.files()] == [began / 1e6]
    assert len([path for path in (disk.root / "yard").iterdir() if path.is_dir()]) == 1


def test_files_that_are_no_recordings_are_left_alone(embedded: str, disk: Disk) -> None:
    others = [disk.root / "other" / "2020-01-01" / "10-00-00.mp4", disk.root / "yard" / "2020-01-01" / "holiday.mp4"]
    for path in others:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 10_000)
    with disk.recording(embedded, keep_gb=9_000 / 1e9, keep_days=1):
        send(embedded, Shooting().frames(a_minute(), 10))
    assert all(path.exists() for path in others)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of half a MiB."""
    root = tmp_path / "small"
    root.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(root)]
    if os.geteuid() or subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small file system")
    yield root
    subprocess.run(["umount", str(root)], check=True)


def test_a_full_disk_is_said_once_and_recording_goes_on_when_there_is_room(
    embedded: str, small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    disk, yard, began = Disk(small_disk / "recordings"), Shooting(size_wh=(320, 240)), a_minute()
    ballast = small_disk / "ballast"
    with disk.recording(embedded):
        send(embedded, yard.frames(began, 20))
        disk.wait_for(15)
        with suppress(OSError):
            ballast.write_bytes(b"x" * 1024 * 1024)
        send(embedded, yard.frames(began + 4 * SECOND_US, 200))
        wait_until(lambda: "cannot be written: No space left on device" in caplog.text, 30, "a disk said to be full")
        ballast.unlink()
        at = began + 50 * SECOND_US
        while "can be written again" not in caplog.text:
            send(embedded, yard.frames(at, 1))
            at += 200_000
    assert caplog.text.count("cannot be written") == 1
    first, second = disk.files()[:2]
    head = next(read(second.numbers))
    assert isinstance(head, Head)
    assert head.gap
    assert head.gap.why == "the disk was full"
    assert head.gap.since == [each for each in disk.numbers() if each.at < head.starts_at][-1].at
    for file in (first, second):
        subprocess.run(["ffprobe", "-v", "error", str(file.video)], check=True)
