"""A short clip of people, and redactions of it whose every fault is planted: masks are made of true boxes."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from functions.core.jpeg import Image
from functions.geometry.masks import Mask, mask_of
from streams.verify.truth import Box, read_people

# Of vtest.avi, counted from 1: frames in which everybody has a true box.
FIRST, LAST = 50, 74
FPS = 10
PADDING = 0.15

Fill = Callable[[Image, Box], Image]


@dataclass(frozen=True)
class Scene:
    """The frames of the clip, and the true boxes of each."""

    images: Sequence[Image]
    people: Sequence[Mapping[str, Box]]

    def redacted(self, **how: Any) -> list[Image]:
        """Every frame with the people in it hidden."""
        return [self.hidden(number, **how) for number in range(len(self.images))]

    def hidden(self, number: int, fill: Fill | None = None, late: int = 0, uncovered: float = 0.0) -> Image:
        """One frame: hidden where people were `late` frames before, but for the lowest part of each."""
        image = self.images[number]
        boxes = [_padded(box, uncovered) for box in self.people[max(0, number - late)].values()]
        hidden = image.copy()
        for box in boxes:
            mask = mask_of((image.shape[1], image.shape[0]), [box])
            hidden = cv2.copyTo(fill(image, box) if fill else np.zeros_like(image), mask, hidden)
        return np.asarray(hidden, np.uint8)

    def mask(self, number: int) -> Mask:
        """Where people are hidden."""
        image = self.images[number]
        return mask_of((image.shape[1], image.shape[0]), map(_padded, self.people[number].values()))

    def write_truth(self, path: Path) -> None:
        """The true boxes as a CSV."""
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["frame", "person", "left", "top", "width", "height"])
            for number, people in enumerate(self.people, 1):
                for person, (left, top, right, bottom) in people.items():
                    rows.writerow([number, person, left, top, right - left, bottom - top])


def scene_of(data: Path) -> Scene:
    """Two and a half seconds of the street."""
    capture, people = cv2.VideoCapture(str(data / "vtest.avi")), read_people(data / "vtest-truth.csv")
    images = [np.asarray(capture.read()[1], np.uint8) for _ in range(LAST)]
    return Scene(images[FIRST - 1 :], [people[number] for number in range(FIRST, LAST + 1)])


def film(path: Path, images: Sequence[Image], fps: int = FPS, quality: int = 23, **more: Sequence[Image]) -> Path:
    """Write H.264 as most programs do; `more` are further video streams."""
    with av.open(str(path), "w") as container:
        streams = [(_stream(container, each[0], fps, quality), each) for each in (images, *more.values())]
        for stream, each in streams:
            for image in each:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
            container.mux(stream.encode(None))
    return path


def blurred(strength: float) -> Fill:
    """A Gaussian blur of the hidden pixels, its deviation as a share of the box's height."""
    return lambda image, box: np.asarray(
        cv2.GaussianBlur(image, (0, 0), strength * (box[3] - box[1])).astype(np.uint8), np.uint8
    )


def mosaic(cells: int) -> Fill:
    """A mosaic of the hidden pixels, with so many cells over the box's height."""

    def fill(image: Image, box: Box) -> Image:
        side = max(1, round((box[3] - box[1]) / cells))
        height, width = image.shape[:2]
        small = cv2.resize(image, (width // side, height // side), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)

    return fill


def turned(image: Image, hidden: Mask, degrees: float) -> Image:
    """The picture under a mask that was turned about its middle."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    mask = cv2.warpAffine(hidden, matrix, (width, height), flags=cv2.INTER_NEAREST)
    return np.where(mask[..., None] > 0, 0, image).astype(np.uint8)


def _padded(box: Box, uncovered: float = 0.0) -> Box:
    left, top, right, bottom = box
    across, down = PADDING * (right - left), PADDING * (bottom - top)
    lowest = bottom - uncovered * (bottom - top) if uncovered else bottom + down
    return left - across, top - down, right + across, lowest


def _stream(container: Any, image: Image, fps: int, quality: int) -> Any:
    stream = container.add_stream("libx264", rate=fps)
    stream.width, stream.height, stream.pix_fmt = image.shape[1], image.shape[0], "yuv420p"
    stream.options = {"crf": str(quality)}
    return stream
