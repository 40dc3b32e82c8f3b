"""Tracking and counting against true persons: `make bench-counting VIDEO=file TRUTH=csv`, `EVERY=3` for fewer frames.

With true boxes and with detect_people as it comes, or with the TILES that are asked for; and with two cameras made of
the clip, its left and its right 60 %, followed by two processes, on a ground measured by the heights of the true boxes.
The last line is JSON. What the detector found is kept in bench/out.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from bench.material import leave
from bench.mot import Tracking, tracking
from functions import Detection, Frame
from functions.core.frame import Picture
from functions.counting.ledger import Ledger
from functions.counting.per_camera import Camera, Options, count
from functions.counting.visits import Homography, Visit
from functions.detect_people import detect_people
from functions.track import TrackState, track
from streams.verify.truth import Box, People, read_people

_OUT = Path(__file__).parent / "out"
_SHARE = 0.6
# Of somebody who stands, and of a camera's picture as a rule, to measure the ground by.
_HEIGHT_M, _FOCAL = 1.7, 1.0

Boxes = Mapping[int, Sequence[tuple[float, float, float, float, float]]]  # confidence and box, by frame from 1


@dataclass(frozen=True)
class View:
    """What a camera made of a clip sees: so many pixels from `left` on."""

    name: str
    left: int
    size_wh: tuple[int, int]


def main() -> None:
    """Measure and print."""
    cv2.setNumThreads(1)
    video, truth = _file("VIDEO"), _file("TRUTH")
    people, every = read_people(truth), int(os.environ.get("EVERY") or 1)
    size_wh, rate = _size_and_rate(video)
    width, height = size_wh
    whole = View("whole", 0, size_wh)
    part = round(_SHARE * width)
    views = (View("left", 0, (part, height)), View("right", width - part, (part, height)))
    seen = range(1, max(people) + 1, every)
    sources: dict[str, Callable[[View], Boxes]] = {
        "true_boxes": lambda view: {number: _true(people[number], view) for number in seen},
        "detector": lambda view: {number: _found(video, view, max(people))[number] for number in seen},
    }
    report: dict[str, object] = {}
    true = len({person for number in seen for person in people[number]})
    for name, boxes in sources.items():
        reached = _tracking(people, boxes(whole), whole, rate)
        counted = len({visit.id for visit in follow(whole, boxes(whole), rate, None)})
        report[name] = {**reached._asdict(), "counted": counted, "true": true}
        print(f"{name:12}{report[name]}", flush=True)
    ground = _ground(people, whole)
    for name, boxes in sources.items():
        both = {**_two_cameras([(view, boxes(view)) for view in views], rate, ground), "true": true}
        print(f"two cameras, {name}: {both}", flush=True)
        report.setdefault("two_cameras", both)
    print(json.dumps(report))


def follow(view: View, boxes: Boxes, rate: float, ground: Homography | None) -> list[Visit]:
    """The visits of one camera, as they are known at the end."""
    camera, told = Camera(), list[Visit]()
    for frame in _frames(view, boxes, rate):
        camera, news = count(camera, frame, Options(), ground)
        told += news
    return [*told, *(each.visit for each in camera.visits.values())]


def _two_cameras(cameras: list[tuple[View, Boxes]], rate: float, ground: Homography) -> dict[str, int]:
    with ProcessPoolExecutor(len(cameras), get_context("spawn")) as processes:
        following = [processes.submit(follow, view, boxes, rate, _from(view, ground)) for view, boxes in cameras]
        ledger = Ledger(1.0, UTC)
        for visit in (visit for each in following for visit in each.result()):
            ledger.add(visit)
    (over_all,) = (each for each in ledger.counts() if each.window.kind == "running" and each.source is None)
    return {"unique": over_all.unique, "sum": over_all.visitors}


def _tracking(people: People, boxes: Boxes, view: View, rate: float) -> Tracking:
    state = TrackState()
    followed = [(frame.seq, track(frame, state).detections) for frame in _frames(view, boxes, rate)]
    return tracking(
        (
            {person: _clipped(box, view) for person, box in people[number].items()},
            {found.track: found.xyxy for found in detections if found.track is not None},
        )
        for number, detections in followed
    )


def _frames(view: View, boxes: Boxes, rate: float) -> list[Frame]:
    picture = Picture(image=np.zeros((view.size_wh[1], view.size_wh[0], 3), np.uint8))
    blank = Frame(picture, source=view.name)
    return [
        replace(
            blank,
            id=f"{view.name}-{number}",
            seq=number,
            captured_at=round(number / rate * 1e6),
            detections=tuple(Detection("person", sure, (x1, y1, x2, y2)) for sure, x1, y1, x2, y2 in found),
        )
        for number, found in boxes.items()
    ]


def _true(people: Mapping[str, Box], view: View) -> list[tuple[float, float, float, float, float]]:
    """True boxes of whom at least half is in view."""
    inside = ((box, _clipped(box, view)) for box in people.values())
    return [(1.0, *part) for box, part in inside if part[2] - part[0] >= (box[2] - box[0]) / 2]


def _clipped(box: Box, view: View) -> Box:
    (x1, y1, x2, y2), (width, height) = box, view.size_wh
    left, right = (min(max(x - view.left, 0.0), width) for x in (x1, x2))
    return left, max(0.0, y1), right, min(height, y2)


def _found(video: Path, view: View, last: int) -> Boxes:
    """What detect_people finds in a view, from the file that an earlier run has left."""
    tiles = os.environ.get("TILES") or "auto"
    said = f"{video.resolve()} {video.stat().st_mtime_ns} {view} {last} {tiles}"
    name = hashlib.sha256(said.encode()).hexdigest()[:16]
    path = _OUT / f"boxes-{name}.json"
    if not path.exists():
        capture, (width, _) = cv2.VideoCapture(str(video)), view.size_wh
        found = {}
        for number in range(1, last + 1):
            image = np.ascontiguousarray(capture.read()[1][:, view.left : view.left + width], np.uint8)
            frame = detect_people(Frame.from_image(image), tiles=tiles)
            found[number] = [(each.confidence, *each.xyxy) for each in frame.detections]
        _OUT.mkdir(exist_ok=True)
        path.write_text(json.dumps(found))
    return {int(number): boxes for number, boxes in json.loads(path.read_text()).items()}


def _ground(people: People, view: View) -> Homography:
    """The plane on which people of one height have the heights in the picture that they have: a level camera's.

    From pixels to metres.
    """
    width, _ = view.size_wh
    whole = [box for boxes in people.values() for box in boxes.values() if _clipped(box, view) == box]
    feet, tall = np.array([(box[3], box[3] - box[1]) for box in whole]).T
    slope, offset = (float(value) for value in np.polyfit(feet, tall, 1))
    above_m, horizon = _HEIGHT_M / slope, -offset / slope
    return (above_m, 0.0, -above_m * width / 2), (0.0, 0.0, above_m * _FOCAL * width), (0.0, 1.0, -horizon)


def _from(view: View, ground: Homography) -> Homography:
    """The same from shares of a picture that begins farther right."""
    width, height = view.size_wh
    first, second, third = ((x * width, y * height, one + x * view.left) for x, y, one in ground)
    return first, second, third


def _size_and_rate(video: Path) -> tuple[tuple[int, int], float]:
    capture = cv2.VideoCapture(str(video))
    width, height = (int(capture.get(what)) for what in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    return (width, height), float(capture.get(cv2.CAP_PROP_FPS)) or 25.0


def _file(name: str) -> Path:
    path = Path(os.environ.get(name, ""))
    if not path.is_file():
        leave(f"expected a file for {name}, got {path}; say `make bench-counting VIDEO=file TRUTH=csv`")
    return path


if __name__ == "__main__":
    main()
