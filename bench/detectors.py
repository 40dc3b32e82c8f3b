"""Every detector against true boxes: `make bench-detectors VIDEO=file TRUTH=csv`, or `FOLDER=sequences`.

With a video, shares are 0 to 1, `ms` is the median time of a frame in one thread, the best of three runs, and the last
line is JSON. With a folder (`bench/truth.py` says of what), a row for each sequence and one for all of what is missed
(`bench/misses.py` says how): `ONLY='mot* tud*'` are sequences by name, `EVERY=5` takes every fifth frame, `MODEL=onnx`
the file of YOLOX-nano if it was not fetched, `PRECISION=f32` leaves quicker arithmetic out, `PACKED=.6` makes crowds of
the sequences (`bench/packed.py`) whose pictures have that scale.
"""

from __future__ import annotations

import json
import os
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import cv2

import streams
from bench.material import leave
from bench.misses import Finder, columns, measured, padded, together
from bench.packed import packed
from bench.scoring import Score, score
from bench.truth import Footage, Truth, read_footage, read_frames, read_truth
from functions import Frame
from functions.core.errors import UsageError
from functions.core.jpeg import Image
from functions.core.registry import FunctionSpec
from functions.models import centerface, onnx_net, ssdlite
from functions.models.openvino_net import EXACT
from streams import settings
from streams.chain.function_options import registered
from streams.verify.truth import Box

_EVERY = 10
_RUNS = 3
_TINY_ANCHORS = "116,90 156,198 373,326 30,61 62,45 59,119"
_TINY_ONNX = {"anchors": _TINY_ANCHORS, "input_size": 416, "minimum_confidence": 0.5}

# A name, a function, the file of its model (from the folder `models` beside the truth) and options.
_DETECTORS: list[tuple[str, str, dict[str, str], dict[str, Any]]] = [
    ("people", "detect_people", {}, {}),
    ("people, thorough", "detect_people", {}, {"tiles": "thorough"}),
    ("people, tiles alone", "detect_people", {}, {"tiles": "2x1"}),
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


def of_folder(folder: Path) -> None:
    """Measure and print, a row each."""
    cv2.setNumThreads(1)
    only = os.environ.get("ONLY") or "*"
    footage = [each for each in read_footage(folder) if any(fnmatch(each.name, one) for one in only.split())]
    if scale := os.environ.get("PACKED"):
        footage = [packed(each, float(scale)) for each in footage]
    for of_faces in (False, True):
        chosen = [each for each in footage if each.of_faces == of_faces]
        if chosen:
            lines(finders(of_faces), chosen, of_faces)


def lines(found_by: Mapping[str, Finder], footage: Sequence[Footage], of_faces: bool) -> None:
    """Print a row for each sequence and one for all, for each finder."""
    every = int(os.environ.get("EVERY") or 1)
    for name, find in found_by.items():
        print(f"{name:24}{columns(of_faces)}")
        rows = []
        for each in footage:
            rows.append(measured(each, find, every))
            print(f"  {each.name:22}{rows[-1].row()}", flush=True)
        print(f"  {'all':22}{together(rows).row()}")


def in_asked_precision() -> None:
    """Let PRECISION=f32 leave the processor's quicker arithmetic out."""
    if os.environ.get("PRECISION") == EXACT:
        for module in (ssdlite, centerface, onnx_net):
            module.quick_precision = lambda device="CPU", *more: EXACT  # type: ignore[attr-defined]


def faces_chain() -> dict[str, Any]:
    """The stages of the faces chain that ships."""
    stages: dict[str, Any] = tomllib.loads(Path(streams.__file__).with_name("chain-faces.toml").read_text())["stages"]
    return stages


def finders(of_faces: bool) -> dict[str, Finder]:
    """The detectors that are measured, as they ship; those whose weights are on this host."""
    yolox = {"model": os.environ.get("MODEL") or "yolox-nano", "minimum_confidence": 0.1}
    tried = (
        {"faces, as its chain": ("detect_faces", faces_chain()["detect"]["options"]), "faces": ("detect_faces", {})}
        if of_faces
        else {
            "people": ("detect_people", {}),
            "people, thorough": ("detect_people", {"tiles": "thorough"}),
            "yolox-nano": ("detect_onnx", yolox),
            "yolox-nano, thorough": ("detect_onnx", {**yolox, "tiles": "thorough"}),
        }
    )
    known, found = registered(settings.load()), {}
    for name, (function, options) in tried.items():
        said = known[function].validate(options)
        try:
            known[function].prepare(said)
        except UsageError as error:  # its weights are not on this host
            print(f"{name:24}left out: {error}")
            continue
        found[name] = partial(_found, known[function], said)
    return found


def _found(spec: FunctionSpec, options: dict[str, Any], image: Image) -> list[Box]:
    frame = spec.call(Frame.from_image(image), **options)
    return padded(thing.xyxy for thing in frame.detections if thing.label in ("person", "face"))


if __name__ == "__main__":
    in_asked_precision()
    try:
        if os.environ.get("FOLDER"):
            of_folder(Path(os.environ["FOLDER"]))
        else:
            main(Path(sys.argv[1]), Path(sys.argv[2]))
    except UsageError as error:
        leave(str(error))
