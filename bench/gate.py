"""`python -m bench.gate VIDEO`: CPU of a detector alone and behind the gate, by how much of the time something moves.

While nothing does, the scene is the median of the video with the noise of a sensor on it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.material import clip_from
from functions import Frame
from functions.core import registry
from functions.core.frame import Picture
from streams.files.steps import Step, step

Image = NDArray[np.uint8]
DETECTOR = "detect_people"
FPS, FRAMES = 10, 300
MOVING = (1.0, 0.5, 0.1)
_NOISE = 2.0  # grey levels, as a sensor's by day


def main() -> None:
    """Print a line for each share of the time in which something moves, and all as JSON."""
    cv2.setNumThreads(1)
    images = _images(clip_from(sys.argv[1:]))
    empty = np.median(images[:: len(images) // 60], axis=0).astype(np.uint8)
    specs = registry.load()
    alone = [step(specs[DETECTOR], specs[DETECTOR].validate({}))]
    gated = [step(specs["gate"], specs["gate"].validate({})), *alone]
    shares = {share: _half_a_minute(images, empty, share) for share in MOVING}
    results = {}
    for share, frames in shares.items():
        without, _ = _cost(alone, frames)
        behind, passed = _cost(gated, frames)
        results[str(share)] = {"alone_ms": without, "gated_ms": behind, "ratio": behind / without, "passed": passed}
        print(f"moves {share:4.0%}: {without:.1f} -> {behind:.1f} ms a frame, {passed} of {len(frames)} frames pass")
    print(json.dumps({share: {k: round(v, 3) for k, v in row.items()} for share, row in results.items()}))


def _images(clip: Path) -> list[Image]:
    with av.open(str(clip)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in islice(container.decode(video=0), FRAMES)]


def _half_a_minute(images: Sequence[Image], empty: Image, share: float) -> list[Frame]:
    """Half a minute of a camera: so much of it the video, then nothing that moves."""
    moving = round(len(images) * share)
    dice = np.random.default_rng(1)
    still = (_noisy(empty, dice) for _ in range(len(images) - moving))
    return [_frame(image, at) for at, image in enumerate([*images[:moving], *still])]


def _noisy(image: Image, dice: np.random.Generator) -> Image:
    noise = dice.normal(0, _NOISE, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def _frame(image: Image, at: int) -> Frame:
    jpeg = Frame.from_image(image).jpeg
    return replace(Frame.from_jpeg(jpeg), captured_at=at * 1_000_000 // FPS)


def _cost(steps: Sequence[Step], frames: Sequence[Frame]) -> tuple[float, int]:
    """CPU a frame in ms, and how many frames came through."""
    results: Iterator[Frame] = iter([replace(frame, picture=Picture(jpeg=frame.jpeg)) for frame in frames])
    began = time.process_time()
    for each in steps:
        results = each(results)
    passed = sum(1 for _ in results)
    return 1000 * (time.process_time() - began) / len(frames), passed


if __name__ == "__main__":
    main()
