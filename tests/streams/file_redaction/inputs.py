"""The kinds of files that people have, small, made by FFmpeg; and what FFmpeg says of a file."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from functions.core import jpeg
from tests.streams.video.filming import heif

_PLAIN = "-f lavfi -i testsrc2=s=160x120:r={rate}:d={seconds}"
_H264 = "-pix_fmt yuv420p -c:v libx264 -preset ultrafast"
_BEEP = "-f lavfi -i sine=f={pitch}:d=1"
_CHAPTER = ";FFMETADATA1\ntitle=Mr Miller's door\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=he comes\n"
_SUBTITLE = "1\n00:00:00,000 --> 00:00:00,900\nMr Miller\n"
# An EXIF block: orientation 6, and the maker `Secret`.
_EXIF = bytes.fromhex(
    "ffe1003545786966000049492a000800000002000f01020007000000260000001201030001000000060000000000000053656372657400"
)


def make_all(folder: Path) -> dict[str, Path]:
    """Every kind by name."""
    folder.mkdir()
    (folder / "chapters.txt").write_text(_CHAPTER)
    (folder / "words.srt").write_text(_SUBTITLE)
    for line in _LINES:
        arguments = line.format(d=folder, plain=_plain(), h264=_H264, beep=_BEEP.format(pitch=440))
        subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments.split()], check=True)
    (folder / "cut.mkv").write_bytes((folder / "whole.mkv").read_bytes()[:-6000])
    for helper in ("chapters.txt", "words.srt", "whole.mkv", "upright.mov"):
        (folder / helper).unlink()
    photos = folder / "photos"
    photos.mkdir()
    for name in ("one.jpg", "two.jpeg"):
        (photos / name).write_bytes(photo())
    cv2.imwrite(str(photos / "three.png"), np.full((60, 80, 3), 200, np.uint8))
    heif(photos / "four.heic", np.full((96, 128, 3), 200, np.uint8), "libx265")
    (photos / "four.mp4").unlink()  # of which it was made
    return {path.stem: path for path in folder.iterdir()}


def photo() -> bytes:
    """A picture of 80x60 that its EXIF turns, with the name of its maker."""
    image = np.full((60, 80, 3), 200, np.uint8)
    image[:, :40] = 90
    plain = jpeg.encode(image)
    return plain[:2] + _EXIF + plain[2:]


def _plain(rate: str = "25", seconds: int = 1) -> str:
    return _PLAIN.format(rate=rate, seconds=seconds)


_LINES = (
    "{plain} {h264} -preset medium -bf 3 {d}/bframes.mp4",
    "{plain} -pix_fmt yuv420p -c:v libx265 -preset ultrafast -x265-params log-level=error {d}/h265.mp4",
    # Stamps 0, 1, 4, 9 …: each frame a little longer than the one before.
    "{plain} -vf setpts=N*N*0.002/TB -vsync passthrough -enc_time_base 1/90000 {h264} {d}/variable.mp4",
    f"{_plain('30000/1001')} {{h264}} {{d}}/ntsc.mp4",
    "{plain} {h264} {d}/upright.mov",
    "-i {d}/upright.mov -c copy -metadata:s:v:0 rotate=90 {d}/turned.mov",
    "{plain} {beep} {h264} {d}/aac.mp4",
    f"{{plain}} {{beep}} {_BEEP.format(pitch=880)} -map 0 -map 1 -map 2 {{h264}} -metadata:s:a:0 title=Secret "
    "{d}/two.mp4",
    "{plain} -i {d}/chapters.txt -i {d}/words.srt -map 0 -map 0 -map 2 -map_metadata 1 {h264} -c:s mov_text "
    "-metadata location=+48.1372+011.5755/ -metadata make=Secret {d}/located.mp4",
    "{plain} {h264} -g 5 {d}/whole.mkv",
    f"{_plain('10')} {{d}}/film.gif",
    f"{_plain('10')} -frames:v 1 {{d}}/still.gif",
    "{plain} -vf setsar=4/3 {h264} {d}/wide.mov",
    f"{_plain('10')} -vf format=bgr0,pad=161:121 -c:v ffv1 {{d}}/odd.avi",
)


def probed(path: Path, entries: str, *more: str) -> Any:
    """What ffprobe says."""
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_entries", entries, *more, str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def stamps(path: Path) -> list[float]:
    """When each frame of the first video stream is shown."""
    frames = probed(path, "frame=best_effort_timestamp_time", "-select_streams", "v:0")["frames"]
    return [float(each["best_effort_timestamp_time"]) for each in frames]


def streams(path: Path) -> list[dict[str, Any]]:
    """All streams of a file."""
    return list(probed(path, "stream", "-count_packets")["streams"])
