"""Every detector against the truth of a video: `make bench-detectors VIDEO=file TRUTH=csv`.

Shares are 0 to 1; `ms` is the median time of a frame in one thread, the best of three runs. The last line is JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import cv2

from bench.scoring import Score, score
from bench.truth import Truth, read_frames, read_truth
from functions import Frame
from functions.core.errors import UsageError
from functions.core.registry import FunctionSpec
from streams import settings
from streams.chain.function_options import registered

_EVERY = 10
_RUNS = 3
_TINY_ANCHORS = "116,90 156,198 373,326 30,61 62,45 59,119"
_TINY_ONNX = {"anchors": _TINY_ANCHORS, "input_size": 416, "minimum_confidence": 0.5}

# A name, a function, the file of its model (from the folder `models` beside the truth) and options.
_DETECTORS: list[tuple[str, str, dict[str, str], dict[str, Any]]] = [
    ("people", "detect_people", {}, {}),
    ("people, whole picture", "detect_people", {}, {"tiles": "1x1", "minimum_confidence": 0.15}),
    ("yolox-nano", "detect_onnx", {"model": "yolox_nano.onnx"}, {"minimum_confidence": 0.2}),
    ("yolox-nano, unsure", "detect_onnx", {"model": "yolox_nano.onnx"}, {"minimum_confidence": 0.1}),
    ("tiny-yolov3 416, onnx", "detect_onnx", {"model": "tiny-yolov3-vtest.onnx"}, _TINY_ONNX),
    ("tiny-yolov3 416, imageai", "detect_imageai", {"weights": "tiny-yolov3-vtest.h5"}, {"speed": "faster"}),
    ("motion", "detect_motion", {}, {}),
]
_LABELS = {"person", "motion"}


def main(video: Path, truth_file: Path) -> None:
    """Measure and print."""
    cv2.setNumThreads(1)
    truth = read_truth(truth_file, _EVERY)
    frames = dict(read_frames(video, truth))
    known = registered(settings.load())
    figures = {}
    print(f"{sum(map(len, truth.values()))} true boxes in {len(truth)} frames of {video}")
    print(f"{'':26}{'recall':>8}{'precision':>11}{'coverage':>10}{'under half':>12}{'ms':>8}")
    for name, function, files, options in _DETECTORS:
        paths = {option: str(truth_file.parent / "models" / file) for option, file in files.items()}
        spec = known[function]
        try:
            reached, ms = _measured(spec, spec.validate({**options, **paths}), video, truth, frames)
        except UsageError as error:  # its weights or packages are not on this host
            print(f"{name:26}left out: {error}")
            continue
        figures[name] = {**{share: round(value, 4) for share, value in reached._asdict().items()}, "ms": ms}
        shares = f"{reached.recall:8.3f}{reached.precision:11.3f}{reached.coverage:10.3f}{reached.under_half:12.3f}"
        print(f"{name:26}{shares}{ms:8.1f}", flush=True)
    print(json.dumps(figures))


def _measured(
    spec: FunctionSpec, options: dict[str, Any], video: Path, truth: Truth, frames: dict[int, Frame]
) -> tuple[Score, float]:
    spec.prepare(options)
    runs = [_run(spec, options, video, frames) for _ in range(_RUNS)]
    found, _ = runs[0]
    return score(truth, found, next(iter(frames.values())).size_wh), min(ms for _, ms in runs)


def _run(
    spec: FunctionSpec, options: dict[str, Any], video: Path, frames: dict[int, Frame]
) -> tuple[dict[int, Any], float]:
    """What is found in the frames with a truth, and the median time; what remembers sees all frames before, too."""
    state = () if spec.state is None else (spec.state(),)
    shown = frames if spec.state is None else dict(read_frames(video, dict.fromkeys(range(1, max(frames) + 1))))
    found, times = {}, []
    for number, frame in shown.items():
        start = time.perf_counter()
        result = spec.call(frame, *state, **options)
        times.append((time.perf_counter() - start) * 1000)
        found[number] = [thing for thing in result.detections if thing.label in _LABELS]
    return {number: found[number] for number in frames}, round(median(times), 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
