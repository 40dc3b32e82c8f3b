"""`make bench-files VIDEO=file`: `imagebus redact --faces` against deface, both from a clip to an mp4, by turns.

`as it is`: the clip in its own size, deface told the scale at which detect_faces looks at it closely, so that both run
the same network on pictures of the same size (detect_faces looks a second time, from afar). `1080p`: the clip scaled
up, both at the defaults of their command lines. deface runs on OpenCV, which it installs, and on onnxruntime, the
quicker. Frames a second and CPU are from the first frame to the end, CPU without the FFmpeg processes that read and
write for deface. The ratios are the medians of the rounds' own. With FOLDER=sequences, what both miss of the true faces
in its pictures, as `bench/face_misses.py` counts it. The last line is JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import NamedTuple

import av
from av import VideoFrame

from bench.material import clip_from, leave
from functions.core.frame import Size
from functions.models.centerface import fitted

_ROUNDS, _RUNTIMES = 3, ("opencv", "onnxrt")
_FRAMES = {"as it is": 120, "1080p": 20}
_FULL_HD, _FPS = (1920, 1080), 25


class Run(NamedTuple):
    """Frames a second, CPU milliseconds a frame, and the result's kilobytes."""

    fps: float
    cpu_ms: float
    kilobytes: float


def main() -> None:
    """Print what each took, by turns."""
    clip = clip_from(sys.argv[1:])
    if find_spec("onnx") is None or find_spec("skimage") is None:
        leave("expected what deface needs to run; say `make bench-files VIDEO=file`")
    figures = {}
    with tempfile.TemporaryDirectory() as name:
        for what, count in _FRAMES.items():
            short, size_wh = _material(clip, Path(name) / f"{what.replace(' ', '-')}.mp4", what, count)
            rounds = [_round(short, size_wh, what, turn) for turn in range(_ROUNDS)]
            figures[what] = _figures(rounds)
    print(json.dumps(figures))
    if os.environ.get("FOLDER"):
        subprocess.run([sys.executable, "-m", "bench.face_misses"], check=True)


def _figures(rounds: Sequence[dict[str, Run]]) -> dict[str, dict[str, float]]:
    ours = [each["imagebus"] for each in rounds]
    return {
        who: {
            **{name: round(median(getattr(each[who], name) for each in rounds), 1) for name in Run._fields},
            "ratio": round(median(own.fps / each[who].fps for own, each in zip(ours, rounds, strict=True)), 2),
        }
        for who in rounds[0]
    }


def _round(clip: Path, size_wh: Size, what: str, turn: int) -> dict[str, Run]:
    scale = "{}x{}".format(*(fitted(size_wh).size_wh if what == "as it is" else size_wh))
    ran = {"imagebus": _ran("bench.redacted", clip, clip.with_name("ours.mp4"))}
    ran |= {each: _ran("bench.deface", each, clip, scale, clip.with_name(f"{each}.mp4")) for each in _RUNTIMES}
    said = (
        f"{who} {run.fps:.1f} frames/s, {run.cpu_ms:.0f} ms CPU, {run.kilobytes:.0f} kB" for who, run in ran.items()
    )
    print(f"round {turn + 1}, {what}, deface at {scale}:", "; ".join(said), flush=True)
    return ran


def _ran(module: str, *arguments: str | Path) -> Run:
    """The run of one of the two, whose last argument is its result."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    fps, cpu_ms = (float(said[said.index(word) + 1]) for word in ("fps", "cpu_ms"))
    return Run(fps, cpu_ms, Path(arguments[-1]).stat().st_size / 1000)


def _material(clip: Path, path: Path, what: str, count: int) -> tuple[Path, Size]:
    """The clip's first frames, in the size that is asked for."""
    with av.open(str(path), "w") as target:
        stream = None
        for at, frame in enumerate(_first(clip, count)):
            size_wh = (frame.width, frame.height) if what == "as it is" else _FULL_HD
            if stream is None:
                stream = target.add_stream("libx264", rate=_FPS, options={"crf": "18"})
                stream.width, stream.height, stream.pix_fmt = *size_wh, "yuv420p"
            scaled = frame.reformat(*size_wh, format="yuv420p")
            scaled.pts, scaled.time_base = at, Fraction(1, _FPS)
            target.mux(stream.encode(scaled))
        if stream is None:
            leave(f"expected a video, got {clip}, which has no frames")
        target.mux(stream.encode(None))
    return path, (stream.width, stream.height)


def _first(clip: Path, count: int) -> Iterator[VideoFrame]:
    with av.open(str(clip)) as container:
        for _, frame in zip(range(count), container.decode(video=0), strict=False):
            yield frame


if __name__ == "__main__":
    main()
