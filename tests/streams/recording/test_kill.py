"""A recorder that is killed loses nothing that is on the bus, and what it has written plays."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from streams.chain import types as chains
from tests.processes import IMAGEBUS, Process
from tests.streams.recording.recorded import Disk, Shooting, a_minute, greys, send, stamps


def test_killed_and_started_again_it_has_every_frame_once_and_all_files_play(
    embedded: str, tmp_path: Path, program: Callable[[str, str], str]
) -> None:
    ffprobe = program("ffprobe", "install it (Debian: apt-get install ffmpeg)")
    disk, yard, began = Disk(tmp_path / "recordings"), Shooting(), a_minute()
    chain = tmp_path / "chain.toml"
    chain.write_text(f"{chains.DEFAULT.read_text()}\n{disk.section}")
    env = {"KAFKA_URL": embedded, "IMAGEBUS_CHAIN": str(chain)}
    frames = yard.frames(began, 60)
    send(embedded, frames[:20])
    with Process([*IMAGEBUS, "record"], env) as recorder:
        disk.wait_for(17)
        recorder.kill()
    (killed,) = disk.files()
    shutil.copy(killed.video, playing := tmp_path / "copy.mp4")
    subprocess.run([ffprobe, "-v", "error", str(playing)], check=True)
    # Less than half a second, and the frame whose successor had not come.
    assert stamps(playing)[-1] >= 16 * yard.every_us
    assert len(greys(playing)) == len(disk.seqs()) == len(stamps(playing))
    send(embedded, frames[20:40])
    with Process([*IMAGEBUS, "record", "--output", "disk"], env) as recorder:
        disk.wait_for(37)
        send(embedded, frames[40:])
        disk.wait_for(57)
        assert recorder.terminate() == 0
    assert disk.seqs() == [*range(60)]
    for file in disk.files():
        subprocess.run([ffprobe, "-v", "error", str(file.video)], check=True)
    assert sum(len(stamps(file.video)) for file in disk.files()) == 60


def test_without_a_recording_in_the_chain_file_it_says_what_to_write() -> None:
    with Process([*IMAGEBUS, "record"]) as recorder:
        assert recorder.wait() == 2
        assert recorder.lines == [
            'imagebus: Expected an [outputs.NAME] of kind = "recording" in the chain file, got none'
        ]
