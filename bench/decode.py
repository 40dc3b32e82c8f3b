"""What it costs to take frames from a camera's stream, and what key frames alone save: `make bench-decode`.

CPU seconds of this process a second of video (25 frames/s, a key frame a second, made by ffmpeg), read as a camera is,
one size, codec and rate after the other: every frame decoded (`all`) and as `auto` decides, in turn, the median of
three. The last line is JSON.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from functions.core.jpeg import QUALITY
from streams.producer.sampling import Pace
from streams.video.decoding import open_video
from streams.video.encoder import Encoder
from streams.video.key_frames import Decode, Mode

SECONDS, RATE, TIMES = 8, 25, 3
# From the third key frame on `auto` knows what to do: what comes before is not counted.
WARM_UP_S = 3.0
CODECS = {
    "H.264": ("libx264", ["-preset", "ultrafast"]),
    "H.265": ("libx265", ["-preset", "ultrafast"]),
    "MJPEG": ("mjpeg", []),
}
SIZES = {"576p": "1024x576", "1080p": "1920x1080", "4K": "3840x2160"}
FPS = (25.0, 5.0, 1.0)


def clip(folder: Path, codec: str, size: str) -> Path:
    """A video of that kind, with some noise in it."""
    encoder, options = CODECS[codec]
    path = folder / f"{encoder}-{size}.mkv"
    source = f"testsrc2=s={SIZES[size]}:r={RATE}:d={SECONDS},noise=alls=6:allf=t,format={_format(codec)}"
    keys = ["-g", str(RATE), "-keyint_min", str(RATE), "-sc_threshold", "0", "-bf", "0", "-q:v", "5"]
    quiet = ["-x265-params", "log-level=none"] if codec == "H.265" else []
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-y",
        "-f",
        "lavfi",
        "-i",
        source,
        "-c:v",
        encoder,
        *options,
        *keys,
        *quiet,
        path,
    ]
    subprocess.run(command, check=True)
    return path


def cpu_share(path: Path, mode: Mode, fps: float) -> float:
    """CPU seconds a second of video, of decoding and of encoding what is sent."""
    encoder, pace = Encoder(QUALITY, None, 2_000_000, lambda text: None), Pace(1, fps)
    began: tuple[float, float] | None = None
    at_s = 0.0
    with open_video(str(path)) as video:
        # With a time-out: one thread, as for a camera.
        for seq, moment in enumerate(video.moments(lambda text: None, 60.0, Decode(mode, fps))):
            if began is None and moment.at_s >= WARM_UP_S:
                began = time.process_time(), moment.at_s
            if not moment.skipped and pace.is_due(seq, moment.at_s):
                encoder.encode(moment.picture())
            at_s = moment.at_s
    assert began
    return (time.process_time() - began[0]) / (at_s - began[1])


def main() -> None:
    """Print a row a codec, size and rate."""
    ratios = dict[str, float]()
    print("| codec | size | fps asked | all, CPU % | auto, CPU % | ratio |\n|---|---|---|---|---|---|")
    with TemporaryDirectory() as folder:
        for codec in CODECS:
            for size in SIZES:
                path = clip(Path(folder), codec, size)
                for fps in FPS:
                    pairs = [(cpu_share(path, "all", fps), cpu_share(path, "auto", fps)) for _ in range(TIMES)]
                    every, auto = (statistics.median(each) for each in zip(*pairs, strict=True))
                    ratio = statistics.median(b / a for a, b in pairs)
                    ratios[f"{codec} {size} {fps:g}"] = round(ratio, 3)
                    print(f"| {codec} | {size} | {fps:g} | {every:.1%} | {auto:.1%} | {ratio:.2f} |", flush=True)
                path.unlink()
    print(json.dumps(ratios))


def _format(codec: str) -> str:
    return "yuvj420p" if codec == "MJPEG" else "yuv420p"


if __name__ == "__main__":
    main()
