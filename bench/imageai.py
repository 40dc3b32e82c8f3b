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

from functions import Frame
from functions.detect_imageai import detect_imageai
from functions.geometry.letterbox import Letterbox
from functions.models.families.family import rgb_0_to_1
from functions.models.imageai_model import ANCHORS, SPEEDS, imageai_model

_MODEL = "tiny-yolov3"
_SPEEDS = ("faster", "normal")
_FRAMES, _EVERY, _ROUNDS = 8, 25, 3


def main(video: Path, weights: Path) -> None:
    """Measure and print."""
    images = _images(video)
    figures = {}
    imageai_model(_MODEL, weights, ANCHORS[_MODEL])  # imports TensorFlow without its noise
    for speed in _SPEEDS:
        side = SPEEDS[_MODEL][speed]
        # Best of three: another program on the machine slows one round, seldom all.
        rounds = [(_theirs(images, weights, speed), *_ours(images, weights, speed, side)) for _ in range(_ROUNDS)]
        theirs_ms, ours_ms, network_ms = map(min, zip(*rounds, strict=True))
        beyond_ms, ratio = round(ours_ms - network_ms, 1), round(theirs_ms / ours_ms, 1)
        figures[side] = {"imageai_ms": theirs_ms, "ours_ms": ours_ms, "beyond_ms": beyond_ms, "ratio": ratio}
        ours = f"detect_imageai {ours_ms} ms, {beyond_ms} of them beyond the network"
        print(f"input {side}: ImageAI {theirs_ms} ms, {ours}: {ratio} times", flush=True)
    print(json.dumps(figures))


def _ours(images: list[Any], weights: Path, speed: str, side: int) -> tuple[float, float]:
    """Median milliseconds of a frame, and of the network alone."""
    model = imageai_model(_MODEL, weights, ANCHORS[_MODEL])
    box = Letterbox.fit(images[0].shape[1::-1], (side, side), centred=True)
    pixels = [box.draw(rgb_0_to_1(image), 0.5)[None] for image in images]
    frames = [Frame.from_image(image) for image in images]
    whole = _median_ms([partial(detect_imageai, frame, weights=str(weights), speed=speed) for frame in frames])
    return whole, _median_ms([partial(model.network, picture) for picture in pixels])


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
