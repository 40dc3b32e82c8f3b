"""ImageAI's own detection against `detect_imageai`, whole frames: `make bench-imageai VIDEO=file WEIGHTS=h5`.

`beyond` is the time of `detect_imageai` that is not the network's. The last line is JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np

from functions import Frame
from functions.detect_imageai import detect_imageai
from functions.imageai_model import ANCHORS, SPEEDS, imageai_model

_MODEL = "tiny-yolov3"
_SPEEDS = ("faster", "normal")
_FRAMES, _EVERY = 8, 25


def main(video: Path, weights: Path) -> None:
    """Measure and print."""
    images = _images(video)
    figures = {}
    for speed in _SPEEDS:
        side = SPEEDS[_MODEL][speed]
        ours_ms, network_ms = _ours(images, weights, speed, side)
        theirs_ms = _theirs(images, weights, speed)
        figures[side] = {
            "imageai_ms": theirs_ms,
            "ours_ms": ours_ms,
            "beyond_ms": round(ours_ms - network_ms, 1),
            "ratio": round(theirs_ms / ours_ms, 1),
        }
        print(
            f"input {side}: ImageAI {theirs_ms:.0f} ms, detect_imageai {ours_ms:.0f} ms "
            f"({figures[side]['beyond_ms']} beyond the network): {figures[side]['ratio']} times",
            flush=True,
        )
    print(json.dumps(figures))


def _ours(images: list[Any], weights: Path, speed: str, side: int) -> tuple[float, float]:
    """Median milliseconds of a frame, and of the network alone."""
    model = imageai_model(_MODEL, weights, ANCHORS[_MODEL])
    pixels = np.zeros((1, side, side, 3), np.float32)
    frames = [Frame.from_image(image) for image in images]
    whole = _median_ms([partial(detect_imageai, frame, weights=str(weights), speed=speed) for frame in frames])
    return whole, _median_ms([lambda: model.network(pixels)] * len(images))


def _theirs(images: list[Any], weights: Path, speed: str) -> float:
    from imageai.Detection import ObjectDetection

    detector = ObjectDetection()
    detector.setModelTypeAsTinyYOLOv3()
    detector.setModelPath(str(weights))
    detector.loadModel(detection_speed=speed)
    detect = partial(
        detector.detectObjectsFromImage, input_type="array", output_type="array", minimum_percentage_probability=50
    )
    return _median_ms([partial(detect, input_image=image.copy()) for image in images])  # it draws into what it gets


def _median_ms(calls: list[Callable[[], object]]) -> float:
    calls[0]()  # the first call plans the work
    return round(median(map(_ms, calls)), 1)


def _ms(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def _images(video: Path) -> list[Any]:
    capture = cv2.VideoCapture(str(video))
    read = (capture.read()[1] for _ in range(_FRAMES * _EVERY))
    return [image for number, image in enumerate(read) if number % _EVERY == 0]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
