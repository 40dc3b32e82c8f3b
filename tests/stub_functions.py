"""Functions for tests of the bus: detectors that find what they are told to, and functions that misbehave."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Sequence
from typing import Annotated

import cv2
from msgspec import Meta

from functions import Detection, Frame, function

SIZE_WH = (768, 576)  # of the pictures that most tests have
FIVE = ((0, 100), (100, 200), (300, 150), (450, 250), (600, 50))


@function(labels=lambda: ("person", "car"))
def detect_stub(frame: Frame) -> Frame:
    """Find five boxes, always in the same places: a detector that costs nothing."""
    across, down = frame.size_wh[0] / SIZE_WH[0], frame.size_wh[1] / SIZE_WH[1]
    boxes = [(x * across, y * down, (x + 40) * across, (y + 100) * down) for x, y in FIVE]
    found = [Detection("car" if at == 4 else "person", 0.9, box) for at, box in enumerate(boxes)]
    return frame.with_detections([*frame.detections, *found])


@function
def fail_on(frame: Frame, *, seq: int = 0, how: str = "raise") -> object:
    """Misbehave on one frame: raise, hang, or give back what is no frame; pass the others."""
    if frame.seq != seq:
        return frame
    return {
        "raise": _raise,
        "memory": _no_memory,
        "exit": _exit,
        "hang": _hang,
        "none": lambda _: None,
        "text": lambda _: "text",
        "two": _two,
    }[how](frame)


@function
def hang(frame: Frame) -> Frame:
    """Never come back."""
    return _hang(frame)


@function
def burn(frame: Frame, *, milliseconds: Annotated[float, Meta(ge=0)] = 50) -> Frame:
    """Take so much of a core's time, without the interpreter's lock."""
    end = time.thread_time() + milliseconds / 1000
    while time.thread_time() < end:
        cv2.GaussianBlur(frame.image, (31, 31), 0)
    return frame


@function
def count_frames(frame: Frame, state: dict, *, label: str = "n") -> Frame:  # type: ignore[type-arg]
    """Write down how many frames of this source came before, as a track id."""
    state["n"] = state.get("n", 0) + 1
    return frame.with_detections([Detection(label, 1.0, (0, 0, 1, 1), track=state["n"])])


def _raise(frame: Frame) -> Frame:
    raise ZeroDivisionError(f"frame {frame.seq} is not to my liking")


def _exit(frame: Frame) -> Frame:
    sys.exit(0)


def _no_memory(frame: Frame) -> Frame:
    raise MemoryError


def _hang(frame: Frame) -> Frame:
    threading.Event().wait()
    return frame


def _two(frame: Frame) -> list[Frame]:
    return [frame, frame.with_detections([])]


@function(redacts=True)
def redact_nothing(frame: Frame) -> Frame:
    """Say that it redacts, and pass the picture on."""
    return frame


@function(look_ahead_s=0.3)
def count_ahead(frame: Frame, state: dict, ahead: Sequence[Frame], *, look_ahead_s: float = 0.3) -> Frame:  # type: ignore[type-arg]
    """Write down the numbers of the frames that follow, as track ids."""
    return frame.with_detections([Detection("ahead", 1.0, (0, 0, 1, 1), track=other.seq) for other in ahead])


@function
def deafen(frame: Frame, *, seq: int = 0) -> Frame:
    """On one frame end, without a word, what this process's consumers fetch."""
    from streams.kafka.fetcher import RecordFetcher  # here alone: it brings Faust with it

    if frame.seq == seq:
        for fetcher in [each for each in gc.get_objects() if isinstance(each, RecordFetcher)]:
            fetcher._client.unassign()
    return frame
