"""Of several video streams the best is read, the others are not fetched, and it is said."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Event

import av
import cv2
import numpy as np
import pytest

from streams.producer.recorded import VideoFile
from streams.producer.sources import open_source
from streams.producer.urls import SourceError
from streams.video.decoding import NoVideoError, open_video
from tests.streams.cameras import web_folder
from tests.streams.video.filming import as_image, corners, film

FFmpeg = Callable[..., None]


@pytest.fixture
def ffmpeg(program: Callable[[str, str], str], tmp_path: Path) -> FFmpeg:
    """Runs ffmpeg in the test's folder."""
    command = [program("ffmpeg", "install it (Debian: apt-get install ffmpeg)"), "-v", "error", "-y"]
    return lambda *arguments: subprocess.run([*command, *arguments], cwd=tmp_path, check=True, timeout=60)


def _sizes(path: Path, number: int | None = None) -> list[tuple[int, int]]:
    with open_video(str(path), number=number) as video:
        return [as_image(moment.picture()).shape[1::-1] for moment in video.moments(print)]


@pytest.mark.parametrize("order", [["0", "1"], ["1", "0"]])
def test_a_cover_picture_is_no_film_whether_it_comes_first_or_last(
    order: list[str], ffmpeg: FFmpeg, tmp_path: Path
) -> None:
    film(tmp_path / "v.mp4", [np.full((96, 128, 3), 8 * k, np.uint8) for k in range(20)], "libx264")
    cv2.imwrite(str(tmp_path / "c.png"), corners(640, 480))
    maps = [word for number in order for word in ("-map", number)]
    cover = f"-disposition:v:{order.index('1')}"
    ffmpeg("-i", "v.mp4", "-i", "c.png", *maps, "-c", "copy", cover, "attached_pic", "a.mkv")
    ffmpeg("-i", "v.mp4", "-i", "c.png", *maps, "-c", "copy", cover, "attached_pic", "a.mp4")

    assert _sizes(tmp_path / "a.mp4") == _sizes(tmp_path / "a.mkv") == [(128, 96)] * 20


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_a_small_preview_is_left_for_the_film_unless_it_is_asked_for(name: str, ffmpeg: FFmpeg, tmp_path: Path) -> None:
    film(tmp_path / "small.mp4", [corners(64, 48)] * 5, "libx264")
    film(tmp_path / "large.mp4", [corners(320, 240)] * 5, "libx264")
    ffmpeg("-i", "small.mp4", "-i", "large.mp4", "-map", "0", "-map", "1", "-c", "copy", name)

    said: list[str] = []
    source = open_source(str(tmp_path / name), said.append)
    assert len(list(source.moments(Event()))) == 5
    assert said == ["h264 320x240, stream 1; not read: 0 h264 64x48"]
    assert _sizes(tmp_path / name) == [(320, 240)] * 5
    assert _sizes(tmp_path / name, 0) == [(64, 48)] * 5
    with pytest.raises(NoVideoError, match="no video stream 7 \\(there are: 0 h264 64x48, 1 h264 320x240\\)"):
        open_video(str(tmp_path / name), number=7)


def test_of_equals_the_default_one_is_read(ffmpeg: FFmpeg, tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", [corners()] * 2)
    both = ["-i", "a.mp4", "-map", "0", "-map", "0", "-c", "copy"]
    ffmpeg(*both, "-disposition:v:0", "0", "-disposition:v:1", "default", "b.mkv")

    with open_video(str(tmp_path / "b.mkv")) as video:
        assert "stream 1" in video.described


def test_an_only_picture_is_read(ffmpeg: FFmpeg, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "c.png"), corners())
    tone = ["-f", "lavfi", "-i", "sine=d=1"]
    ffmpeg(*tone, "-i", "c.png", "-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic", "a.m4a")

    assert _sizes(tmp_path / "a.m4a") == [(64, 48)]


@pytest.fixture
def master(ffmpeg: FFmpeg, tmp_path: Path) -> Path:
    """A list of HLS with a small and a large variant, which has ended."""
    lavfi = ["-f", "lavfi", "-i", "testsrc=s={}:r=10:d=3"]
    inputs = [word.format(size) for size in ("160x120", "640x480") for word in lavfi]
    code = ["-map", "0", "-map", "1", "-c:v", "libx264", "-b:v:0", "100k", "-b:v:1", "400k", "-g", "10"]
    lists = ["-master_pl_name", "master.m3u8", "-var_stream_map", "v:0 v:1", "-hls_list_size", "0"]
    ffmpeg(*inputs, *code, "-f", "hls", "-hls_time", "1", *lists, "v%v.m3u8")
    return tmp_path


def test_of_hls_the_best_variant_is_read_once_and_no_other_fetched(master: Path) -> None:
    with web_folder(master) as place:
        source = open_source(f"http://{place}/master.m3u8", print)
        (master / "v01.ts").unlink()  # fetched, it would be an error
        sizes = [as_image(moment.picture()).shape[1::-1] for moment in source.moments(Event())]

    assert isinstance(source, VideoFile)
    assert not source.live
    assert sizes == [(640, 480)] * 30


def test_a_film_over_http_is_a_recording_and_a_list_that_goes_on_is_live(master: Path, ffmpeg: FFmpeg) -> None:
    film(master / "a.mp4", [corners()] * 7)
    ffmpeg("-i", "a.mp4", "-c:v", "libx264", "-f", "hls", "-hls_flags", "omit_endlist", "live.m3u8")
    with web_folder(master) as place:
        assert len(list(open_source(f"http://{place}/a.mp4", print).moments(Event()))) == 7
        assert open_source(f"http://{place}/live.m3u8", print).live


def test_sound_alone_is_refused(ffmpeg: FFmpeg, tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "a.m4a")
    with pytest.raises(SourceError, match=r"a\.m4a: expected a video, got data without a picture"):
        open_source(str(tmp_path / "a.m4a"), print)
    assert av.open(str(tmp_path / "a.m4a")).streams.audio
