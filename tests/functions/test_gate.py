"""Frames in which nothing moves are dropped, a while after the last motion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from functions import Detection, Frame
from functions.gate import GateState, gate


def frame(second: float, thing_at: int | None = None) -> Frame:
    """A grey wall with a little noise, and a bright thing before it."""
    image = np.random.default_rng(1).integers(90, 100, (300, 400, 3), dtype=np.uint8)
    if thing_at is not None:
        image[100:160, thing_at : thing_at + 40] = 250
    return replace(Frame.from_image(image), captured_at=int(second * 1e6))


def passed(seconds: dict[float, int | None], **options: float) -> list[float]:
    state = GateState()
    frames = [gate(frame(second, thing_at), state, **options) for second, thing_at in seconds.items()]
    return [each.captured_at / 1e6 for each in frames if each]


def test_a_still_scene_passes_for_a_while_at_its_beginning_and_no_longer() -> None:
    assert passed({0: None, 0.5: None, 1: None, 1.5: None, 60: None}) == [0, 0.5, 1]


def test_motion_opens_the_gate_at_once_and_it_closes_a_while_after() -> None:
    still = dict.fromkeys([2, 2.5], None)
    assert passed({0: None, **still, 3: 100, 3.5: 150, 4: None, 5: None, 30: None}, hold_s=0.5) == [0, 3, 3.5, 4]


def test_what_passes_is_as_it_came() -> None:
    found = frame(0).with_detections([Detection("motion", 0.5, (1, 2, 3, 4))])
    assert gate(found, GateState()) is found
