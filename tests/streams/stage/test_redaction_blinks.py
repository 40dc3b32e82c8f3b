"""On a real street: a detector that finds nothing, or fails, on every seventh frame exposes nobody more than before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.exposure import covers
from functions import Frame
from functions.core import registry
from streams.files.steps import step
from streams.stage.handler import Stage
from streams.stage.invocation import Invocation
from streams.stage.thread_pool import ThreadPool
from streams.verify.truth import People, read_people
from streams.wire import records
from tests.streams.stage.stages import Arrived

FIRST, LAST = 101, 190  # of the clip's frames, counted from 1
EVERY = 7
# A frame in which somebody is under half covered may be one in so many more.
MORE = 0.002

Detect = Callable[[Frame], Frame]


class Blinked(Exception):
    """What a detector raises."""


@pytest.fixture(scope="module")
def people(data: Path) -> People:
    return read_people(data / "vtest-truth.csv")


@pytest.fixture(scope="module")
def looked(clip: Path, data: Path) -> list[Frame]:
    """The street as YOLOX sees it; no pixel is black, so that black is what is covered."""
    detect = registry.load()["detect_onnx"]
    said = detect.validate({"model": str(data / "models" / "yolox_nano.onnx"), "minimum_confidence": 0.2})
    return list(step(detect, said)(_shots(clip)))


def _shots(clip: Path) -> Iterator[Frame]:
    capture = cv2.VideoCapture(str(clip))
    images = (capture.read()[1] for _ in range(LAST))
    for seq, image in islice(enumerate(images), FIRST - 1, LAST):
        shot = Frame.from_image(np.maximum(image, 1).astype(np.uint8), "street")
        yield replace(shot, id=f"{'0' * 12}-{seq}", seq=seq, captured_at=seq * 100_000)


def blinks(frame: Frame) -> bool:
    return frame.seq % EVERY == EVERY - 1


@pytest.fixture(scope="module")
def before(looked: Sequence[Frame], people: People) -> float:
    """The share of people who are exposed by a detector that does not blink."""
    return exposed(looked, people)[0]


def exposed(frames: Iterable[Frame], people: People, **options: object) -> tuple[float, set[int]]:
    """The share of people who are under half covered by the redactor as it ships, and the frames that it shows."""
    redact = registry.load()["redact"]
    cv2.setRNGSeed(0)  # the background model draws lots: with others, one or two people of 630 more or less are shown
    shown = [covers(frame, people[frame.seq + 1]) for frame in step(redact, redact.validate(options))(frames)]
    whole = [share for each in shown for share in each.whole.values()]
    return float(np.mean(np.array(whole) < 0.5)), {each.seq for each in shown}


def test_a_detector_that_finds_nothing_on_every_seventh_frame(
    looked: Sequence[Frame], people: People, before: float
) -> None:
    blinking = [replace(frame, detections=()) if blinks(frame) else frame for frame in looked]
    after, shown = exposed(blinking, people)
    assert len(shown) == len(looked)
    assert after <= before + MORE

    boxes_alone, _ = exposed(blinking, people, hold_s=0, look_ahead_s=0, motion=False)
    assert boxes_alone > before + 1 / (EVERY + 1)


async def test_frames_on_which_a_detector_raises_are_not_shown_and_nobody_else_is(
    looked: Sequence[Frame], people: People, before: float
) -> None:
    passed = await through_a_stage(looked)
    after, shown = exposed((frame for frame in looked if frame.seq in passed), people)
    assert shown == {frame.seq for frame in looked if not blinks(frame)}
    assert after <= before + MORE


async def through_a_stage(looked: Sequence[Frame]) -> set[int]:
    """The numbers of the frames that a stage passes on whose detector raises."""
    known = {frame.seq: frame for frame in looked}

    def detect(frame: Frame) -> Frame:
        if blinks(frame):
            raise Blinked
        return frame.with_detections(known[frame.seq].detections)

    spec = replace(registry.load()["detect_objects"], call=detect, state=None, options={})
    (pool := ThreadPool(2, time_limit_s=10)).start()
    stage = Stage(Invocation("detect", spec, {}, False, records.MAX_RECORD_BYTES), pool)
    values = [records.encode(records.from_frame(replace(frame, detections=()))) for frame in looked]
    outcomes = [await stage.outcome(Arrived(value, key=b"street")) for value in values]
    pool.stop()
    assert stage.counts["dead"] == sum(map(blinks, looked))
    return {records.decode(value).seq for outcome in outcomes for value in outcome.results}
