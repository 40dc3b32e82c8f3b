"""Is the camera all right? Dark, covered and frozen pictures of a real clip, as FFmpeg makes them of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from functions.core import jpeg
from streams.cameras.health import PictureHealth

FPS = 10
# What happens to the clip from second 4 to second 12.
WHILE = "enable='between(t,4,12)'"
ALTERED = {
    "as it is": "null",
    "night": f"colorlevels=romax=0.1:gomax=0.1:bomax=0.1:{WHILE}",
    "a black cover": f"drawbox=c=black:t=fill:{WHILE}",
    "a white cover": f"drawbox=c=white:t=fill:{WHILE}",
    "the same picture": "trim=end=4,tpad=stop_mode=clone:stop_duration=8",
    "half of it covered": f"drawbox=w=iw/2:c=black:t=fill:{WHILE}",
}
EXPECTED = {
    "night": "dark",
    "a black cover": "dark",
    "a white cover": "dark",
    "the same picture": "frozen",
}


def pictures(ffmpeg: str, clip: Path, how: str, out: Path) -> Iterator[bytes]:
    """The clip altered, as an H.264 camera of few bits sends it."""
    code = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "500k", "-g", "10", "-pix_fmt", "yuv420p"]
    subprocess.run(
        [ffmpeg, "-nostdin", "-loglevel", "error", "-i", clip, "-vf", f"scale=384:288,{how}", "-t", "18", *code, out],
        check=True,
    )
    with av.open(str(out)) as video:
        for frame in video.decode(video=0):
            yield jpeg.encode(np.ascontiguousarray(frame.to_ndarray(format="bgr24")))


@pytest.mark.parametrize("how", ALTERED)
def test_what_a_camera_shows_is_told_within_five_seconds_and_taken_back(
    how: str, clip: Path, tmp_path: Path, program: Callable[[str, str], str]
) -> None:
    ffmpeg = program("ffmpeg", "install it (Debian: apt-get install ffmpeg)")
    health, states = PictureHealth(), []
    shown = [*pictures(ffmpeg, clip, ALTERED[how], tmp_path / "clip.mp4")]
    for number, picture in enumerate([*shown, *shown[: 18 * FPS - len(shown)]]):
        health.look(picture, number / FPS)
        states.append(health.state)
    wrong = EXPECTED.get(how, "running")
    assert set(states[: 4 * FPS]) == {"running"}
    assert set(states[9 * FPS : 12 * FPS]) == {wrong}
    assert set(states[15 * FPS :]) == {"running"}
    assert set(states) == {"running", wrong}


def test_a_state_does_not_flicker_with_single_pictures() -> None:
    health = PictureHealth()
    noise = np.random.default_rng(0)
    scenes = [jpeg.encode(noise.integers(0, 255, (120, 160, 3), np.uint8)) for _ in range(4)]
    black = jpeg.encode(np.zeros((120, 160, 3), np.uint8))
    states = []
    for number in range(60):
        dark = number in (5, 12) or (20 <= number < 40 and number != 30)
        health.look(black if dark else scenes[number % 4], number * 0.5)
        states.append(health.state)
    assert [number for number, state in enumerate(states) if state == "dark"] == list(range(26, 41))
