"""How much of every true person redaction covers: `make bench-privacy VIDEO=file TRUTH=csv`, or `FOLDER=sequences`.

Runs the chain's functions in one thread, for each configuration, over frames whose darkest pixel is 1, so that black
means covered. Writes a report with plots and the worst frames to bench/out/; the last line is JSON. More to say:
`MODEL=` weights for detect_onnx in place of detect_people, `EVERY=3` takes every third frame, `DETECT_EVERY=3` looks
for people in every third only, `BLINK=7` has the detector find nothing in every seventh. What is measured of a folder:
`bench/privacy_folder.py`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench.exposure import Cover, Figures, covers, figures_of
from bench.material import leave
from bench.privacy_folder import of_folder
from bench.privacy_report import COLUMNS, row, write
from functions import Detection, Frame, Hop
from functions.core.errors import UsageError
from streams import settings
from streams.chain import types as chains
from streams.chain.function_options import registered
from streams.files.steps import Step, step
from streams.verify.truth import People, read_people

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "detector": {"hold_s": 0, "look_ahead_s": 0, "motion": False},
    "+ hold": {"look_ahead_s": 0, "motion": False},
    "+ look-ahead": {"motion": False},
    "default": {},  # + motion
}

_OBJECTS = Path(chains.__file__).parents[1] / "chain-objects.toml"

Looked = tuple[tuple[Detection, ...], tuple[Hop, ...]]


def main() -> None:
    """Measure and print."""
    cv2.setNumThreads(1)
    video, people = _file("VIDEO"), read_people(_file("TRUTH"))
    model, every = os.environ.get("MODEL", ""), _number("EVERY", 1)
    looked, detector_s = _looked(_shots(video, people, every), _detector(model))
    print(f"{sum(map(len, people.values()))} true boxes in {len(people)} frames of {video}; {model or 'detect_people'}")
    print(f"{'':14}{COLUMNS}")
    measured: dict[str, tuple[Figures, Sequence[Cover]]] = {}
    for name, options in CONFIGURATIONS.items():
        measured[name] = _measured(video, people, every, looked, detector_s, options)
        print(f"{name:14}{row(measured[name][0])}", flush=True)
    print(f"Report: {write(video, model or 'detect_people', measured)}")
    print(json.dumps({name: figures for name, (figures, _) in measured.items()}))


def _measured(
    video: Path, people: People, every: int, looked: Sequence[Looked], detector_s: float, options: Mapping[str, Any]
) -> tuple[Figures, list[Cover]]:
    redact = _functions()["redact"]
    said = redact.validate(options)
    source = _Timed(_with_looked(_shots(video, people, every), looked))
    began, found = time.process_time(), []
    for frame in step(redact, said)(source):
        _ = frame.jpeg
        done = time.process_time()
        found.append(covers(frame, people.get(frame.seq + 1, {})))
        source.other_s += time.process_time() - done
    redact_s = (time.process_time() - began - source.other_s) / len(found)
    fps = 1 / (redact_s + detector_s)
    return figures_of(found, every / _rate(video), fps, said["look_ahead_s"]), found


class _Timed:
    """Frames, and how long it took to make them."""

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames = iter(frames)
        self.other_s = 0.0

    def __iter__(self) -> Iterator[Frame]:
        while True:
            began = time.process_time()
            frame = next(self._frames, None)
            self.other_s += time.process_time() - began
            if frame is None:
                return
            yield frame


def _shots(video: Path, people: People, every: int) -> Iterator[Frame]:
    """Every so manieth frame up to the last one with a truth."""
    capture = cv2.VideoCapture(str(video))
    rate = _rate(video)
    for seq in range(max(people)):
        there, image = capture.read()
        if not there:
            leave(f"{video}: expected {max(people)} frames, got {seq}")
        if seq % every == 0:
            shot = Frame.from_image(np.maximum(image, 1).astype(np.uint8))
            yield replace(shot, id=f"{'0' * 12}-{seq}", seq=seq, captured_at=round(seq / rate * 1e6))


def _looked(shots: Iterable[Frame], detector: Step) -> tuple[list[Looked], float]:
    """What the detector says of each frame, and the seconds of a core a frame that it took."""
    source = _Timed(shots)
    began = time.process_time()
    looked = [(frame.detections, frame.hops) for frame in detector(source)]
    detector_s = (time.process_time() - began - source.other_s) / len(looked)
    every, blink = _number("DETECT_EVERY", 1), _number("BLINK", 0)
    blind = [at % every or (blink and at % blink == blink - 1) for at in range(len(looked))]
    seen = [((), hops) if blinks else (found, hops) for (found, hops), blinks in zip(looked, blind, strict=True)]
    return seen, detector_s / every


def _with_looked(shots: Iterable[Frame], looked: Iterable[Looked]) -> Iterator[Frame]:
    return (replace(shot, detections=found, hops=hops) for shot, (found, hops) in zip(shots, looked, strict=True))


def _detector(model: str) -> Step:
    """The people finder of the default chain, or detect_onnx as sure as the chain with YOLOX-nano wants it."""
    functions = _functions()
    if not model:
        return step(functions["detect_people"], functions["detect_people"].validate({}))
    as_sure = chains.load(str(_OBJECTS)).stages["detect"].options
    return step(functions["detect_onnx"], functions["detect_onnx"].validate({"model": model, **as_sure}))


def _functions() -> Mapping[str, Any]:
    return registered(settings.load())


def _rate(video: Path) -> float:
    return float(cv2.VideoCapture(str(video)).get(cv2.CAP_PROP_FPS)) or 25.0


def _file(name: str) -> Path:
    path = Path(os.environ.get(name, ""))
    if not path.is_file():
        leave(f"expected a file for {name}, got {path}; say `make bench-privacy VIDEO=file TRUTH=csv`")
    return path


def _number(name: str, default: int) -> int:
    return int(os.environ.get(name) or default)


if __name__ == "__main__":
    if os.environ.get("FOLDER"):
        try:
            of_folder(Path(os.environ["FOLDER"]))
        except UsageError as error:
            leave(str(error))
    else:
        main()
