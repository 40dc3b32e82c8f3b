"""Frames that are missing of a file are said in numbers; those of a whole one are not."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from streams.video.decoding import open_video
from tests.streams.video.filming import film

KINDS = ["a.mp4", "a.mov", "a.mkv", "a.ts", "a.avi", "a.flv"]


@pytest.fixture(scope="module")
def clips(program: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty frames of noise in every container, the index before the frames where there is one."""
    folder = tmp_path_factory.mktemp("clips")
    noise = np.random.default_rng(1)
    frames = [noise.integers(0, 255, (120, 160, 3), np.uint8) for _ in range(30)]
    film(folder / "raw.mp4", frames, "libx264", g="1")
    ffmpeg = program("ffmpeg", "install it (Debian: apt-get install ffmpeg)")
    for name in KINDS:
        flags = ["-movflags", "+faststart"] if name in ("a.mp4", "a.mov") else []
        copy = [ffmpeg, "-v", "error", "-i", folder / "raw.mp4", "-c", "copy", *flags, folder / name]
        subprocess.run(copy, check=True, timeout=60)
    fragments = ["-movflags", "+frag_keyframe+empty_moov", folder / "fragments.mp4"]
    subprocess.run([ffmpeg, "-v", "error", "-i", folder / "raw.mp4", "-c", "copy", *fragments], check=True, timeout=60)
    return folder


def _read(path: Path) -> tuple[int, str]:
    with open_video(str(path)) as video:
        count = sum(1 for _ in video.moments(print))
        return count, str(video.losses)


@pytest.mark.parametrize("name", [*KINDS, "fragments.mp4"])
def test_a_whole_file_has_all_its_frames(name: str, clips: Path) -> None:
    assert _read(clips / name) == (30, "")


@pytest.mark.parametrize("name", [*KINDS, "fragments.mp4"])
def test_a_file_that_is_cut_says_so(name: str, clips: Path, tmp_path: Path) -> None:
    data = (clips / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) // 2 + 1])
    count, losses = _read(tmp_path / name)

    assert 10 <= count < 20
    assert re.search(r"cut short: (\d+ of 30 frames are missing|it ends )|\d+ of \d+ packets are incomplete", losses)


@pytest.mark.parametrize("name", KINDS)
def test_a_file_with_a_hole_in_the_middle_says_so(name: str, clips: Path, tmp_path: Path) -> None:
    data = bytearray((clips / name).read_bytes())
    begin, end = len(data) // 3, 2 * len(data) // 3
    data[begin:end] = bytes(end - begin)
    (tmp_path / name).write_bytes(data)
    count, losses = _read(tmp_path / name)

    assert count < 30
    assert re.search(r"damaged: \d+ of \d+ packets|cut short: \d+ of 30", losses)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("sound.mp4", "-f lavfi -i sine=d=4 -i {raw} -c:v copy -c:a aac"),
        ("sound.mkv", "-f lavfi -i sine=d=4 -i {raw} -c:v copy -c:a aac"),
        ("sound.avi", "-f lavfi -i sine=d=4 -i {raw} -c:v mpeg4 -c:a mp3"),
        ("edited.mp4", "-ss 1.35 -i {raw} -c copy"),
        ("vfr.mkv", "-i {raw} -vf select='not(mod(n\\,3))' -fps_mode vfr -c:v libx264"),
        ("gops.mp4", "-i {raw} -c:v libx264 -x264-params bframes=3:open-gop=1:keyint=12"),
        ("raw.h264", "-i {raw} -c copy"),
        ("a.vob", "-i {raw} -r 25 -c:v mpeg2video"),
        ("a.webm", "-i {raw} -c:v libvpx-vp9 -deadline realtime -cpu-used 8"),
    ],
)
def test_what_is_usual_in_whole_files_is_no_loss(
    name: str, arguments: str, clips: Path, program: Callable[[str, str], str], tmp_path: Path
) -> None:
    ffmpeg = program("ffmpeg", "install it (Debian: apt-get install ffmpeg)")
    words = arguments.format(raw=clips / "raw.mp4").replace("'", "").split()
    subprocess.run([ffmpeg, "-v", "error", *words, tmp_path / name], check=True, timeout=60)

    assert _read(tmp_path / name)[1] == ""
