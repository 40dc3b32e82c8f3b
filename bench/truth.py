"""Footage with true boxes: a video with its CSV, folders of ours, stills, and sequences in the layout of MOT.

A sequence is a folder with `truth.csv` and a `video.*` (columns `frame,person,left,top,width,height`, frames from 1),
one with `truth.csv` and `frames/` of stills (`file,left,top,width,height`), or one of MOT's: `gt/gt.txt`, `img1/` and,
for its frames a second, `seqinfo.ini`. A folder of such folders is several. FACES names those of faces
(`face* tld-jumping`).
"""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from functions.core.errors import UsageError
from functions.core.frame import Frame
from functions.core.jpeg import Image
from streams.verify.truth import Box, People, box_of, read_people

Truth = Mapping[int, NDArray[np.float32]]
_USUAL_FPS = 25.0
_FACES = os.environ.get("FACES") or "face* tld-jumping"
# What MOT counts: pedestrians, of whom at least a quarter can be seen.
_PEDESTRIAN, _LEAST_VISIBLE = 1, 0.25


@dataclass(frozen=True)
class Footage:
    """A sequence: true boxes (left, top, right, bottom) by frame and person; each box of a still is a person.

    `pictures` is one video, or the files of the frames in their order.
    """

    name: str
    people: People
    pictures: tuple[Path, ...]
    fps: float
    stills: bool

    @property
    def of_faces(self) -> bool:
        """Whether its boxes are faces and not people."""
        return any(fnmatch(self.name, one) for one in _FACES.split())

    @property
    def boxes(self) -> int:
        """How many true boxes there are."""
        return sum(map(len, self.people.values()))

    def images(self) -> Iterator[tuple[int, Image]]:
        """Every picture up to the last one with a truth, by number from 1. Raises UsageError if one is missing."""
        last = max(self.people)
        stills = self.pictures[0].suffix in (".jpg", ".png")
        pictures = _files(self.pictures) if stills else _video(self.pictures[0])
        number = 0
        for number, image in enumerate(pictures, 1):
            yield number, image
            if number == last:
                return
        raise UsageError(f"{self.pictures[0]}: expected {last} frames, got {number}")


def read_footage(folder: Path) -> list[Footage]:
    """The sequences of a folder: itself, or those within. Raises UsageError where there is none."""
    found = [read for each in (folder, *sorted(folder.glob("*/"))) if (read := _sequence(each))]
    if not found:
        raise UsageError(f"{folder}: expected sequences, with truth.csv or gt/gt.txt in each folder, got none")
    return found


def of_video(video: Path, truth: Path) -> Footage:
    """The sequence of a video and the CSV of its true boxes."""
    fps = float(cv2.VideoCapture(str(video)).get(cv2.CAP_PROP_FPS))
    return Footage(video.stem, read_people(truth), (video,), fps or _USUAL_FPS, stills=False)


def read_truth(path: Path, every: int = 1) -> Truth:
    """True boxes (n, 4) as left, top, right, bottom by frame, counted from 1."""
    people = read_people(path)
    return {
        number: np.array([*people[number].values()], np.float32)
        for number in sorted(people)
        if (number - 1) % every == 0
    }


def read_frames(video: Path, truth: Truth) -> Iterator[tuple[int, Frame]]:
    """The frames that have a truth, by their number."""
    capture, last = cv2.VideoCapture(str(video)), max(truth)
    for number in range(1, last + 1):
        there, image = capture.read()
        if not there:
            raise ValueError(f"{video}: expected {last} frames, got {number - 1}")
        if number in truth:
            yield number, Frame.from_image(image)


def _sequence(folder: Path) -> Footage | None:
    if (folder / "gt" / "gt.txt").is_file():
        return _mot(folder)
    truth = folder / "truth.csv"
    if not truth.is_file():
        return None
    if (folder / "frames").is_dir():
        return _stills(folder, truth)
    videos = sorted(folder.glob("video.*"))
    if len(videos) != 1:
        raise UsageError(f"{folder}: expected frames/ or one video.* beside truth.csv, got {len(videos)}")
    read = of_video(videos[0], truth)
    return Footage(folder.name, read.people, read.pictures, read.fps, stills=False)


def _stills(folder: Path, truth: Path) -> Footage:
    boxes: dict[str, dict[str, Box]] = defaultdict(dict)
    with truth.open() as file:
        for at, row in enumerate(csv.DictReader(file)):
            boxes[row["file"]][str(at)] = box_of(row)
    people = dict(enumerate(boxes.values(), 1))
    return Footage(folder.name, people, tuple(folder / "frames" / name for name in boxes), _USUAL_FPS, stills=True)


def _mot(folder: Path) -> Footage:
    info = ConfigParser()
    info.read(folder / "seqinfo.ini")
    people: dict[int, dict[str, Box]] = defaultdict(dict)
    with (folder / "gt" / "gt.txt").open() as file:
        for frame, person, left, top, width, height, *rest in csv.reader(file):
            if _counts([float(value) for value in rest]):
                named = {"left": left, "top": top, "width": width, "height": height}
                people[int(frame)][person] = box_of(named)
    pictures = tuple(sorted((folder / info.get("Sequence", "imDir", fallback="img1")).glob("*.[jp][pn]g")))
    fps = info.getfloat("Sequence", "frameRate", fallback=_USUAL_FPS)
    return Footage(folder.name, people, pictures, fps, stills=False)


def _counts(rest: list[float]) -> bool:
    """Whether a row of MOT counts, by what follows its box: considered, and from MOT16 on class and visibility."""
    if len(rest) == 3:
        return rest[0] != 0 and rest[1] == _PEDESTRIAN and rest[2] >= _LEAST_VISIBLE
    return not rest or rest[0] != 0


def _video(path: Path) -> Iterator[Image]:
    capture = cv2.VideoCapture(str(path))
    while (read := capture.read())[0]:
        yield read[1].astype(np.uint8, copy=False)


def _files(paths: tuple[Path, ...]) -> Iterator[Image]:
    for path in paths:
        image = cv2.imread(str(path))
        if image is None:
            raise UsageError(f"{path}: expected a picture, got none that can be read")
        yield image.astype(np.uint8, copy=False)
