"""Footage whose people are known, redacted by a stub that leaves whom it is told to visible, on a viewer's topics."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from bench.truth import of_video
from functions import Detection, Frame
from functions.core.frame import Hop, Redaction
from functions.core.jpeg import Image
from streams.verify.truth import Box
from streams.wire import records
from tests.bus import Writer
from tests.web.frames_of_chain import REDACTED, SOURCE

_DETECTED = Hop("detect", "detect_people", "1", {"minimum_confidence": 0.1}, 0, 60_000, 60_000)
_HIDDEN = Hop("redact", "redact", "1", {}, 0, 7_000, 7_000)


@dataclass(frozen=True)
class Street:
    """Every `every`-th frame of a clip with its true boxes by person, numbered from 0."""

    clip: Path
    truth: Path
    every: int

    @cached_property
    def images(self) -> list[Image]:
        return [image for number, image in of_video(self.clip, self.truth).images() if self._is_used(number)]

    @cached_property
    def people(self) -> list[Mapping[str, Box]]:
        people = of_video(self.clip, self.truth).people
        return [people[number] for number in sorted(people) if self._is_used(number)]

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(person for there in self.people for person in there)

    def raw(self, at: int) -> Frame:
        """One frame as the camera took it."""
        return self._raws[at]

    def redacted(self, at: int, visible: Collection[str], found: Collection[str]) -> Frame:
        """The frame with black over everybody but those who are to be visible; only the found have a detection."""
        image = self.images[at].copy()
        for person in self.people[at].keys() - {*visible}:
            left, top, right, bottom = (max(0, round(value)) for value in self.people[at][person])
            image[top:bottom, left:right] = 0
        boxes = [
            Detection("person", 0.9, self.people[at][person], hidden=person not in visible)
            for person in sorted(self.people[at].keys() & {*found})
        ]
        frame = Frame.from_image(image).with_detections(boxes)
        return replace(frame, hops=(_DETECTED, _HIDDEN), redaction=Redaction(("person",), "solid", 0.1))

    @cached_property
    def _raws(self) -> list[Frame]:
        return [Frame.from_image(image) for image in self.images]

    def _is_used(self, number: int) -> bool:
        return (number - 1) % self.every == 0


class Playing(Writer):
    """Plays the street again and again, a run each; in every second run `visible` are left visible, else nobody.

    Who is in `unfound` has no detection where they are visible.
    """

    def __init__(
        self, url: str, street: Street, source: str, visible: Collection[str], unfound: Collection[str], per_s: float
    ) -> None:
        super().__init__(url)
        self._street, self._source, self._per_s = street, source, per_s
        self.visible, self._unfound = visible, unfound
        self.runs = 0

    def visible_in(self, run: int) -> Collection[str]:
        """Who is visible in a run."""
        return self.visible if run % 2 else ()

    def _write(self) -> None:
        hidden, shown = (list(self._redacted(run)) for run in (0, 1))
        began, sent = time.monotonic(), 0
        while not self._enough.is_set():
            self.runs += 1
            name, at_us = secrets.token_hex(6), time.time_ns() // 1000
            # Even runs expose nobody. The number of a frame says which run it is of, and which frame of it.
            for at, redacted in enumerate(shown if (self.runs - 1) % 2 else hidden):
                seq = (self.runs - 1) * len(hidden) + at
                told = {"source": self._source, "id": f"{name}-{seq}", "seq": seq, "live": True}
                told["captured_at"] = at_us + at * self._street.every * 100_000
                for topic, frame in ((SOURCE, self._street.raw(at)), (REDACTED, redacted)):
                    value = records.encode(records.from_frame(replace(frame, **told)))
                    self._client.produce(topic, value, self._source)
                sent += 1
                self._client.poll(0)
                if self._enough.wait(max(0.0, began + sent / self._per_s - time.monotonic())):
                    return

    def _redacted(self, run: int) -> Iterator[Frame]:
        visible = self.visible_in(run)
        found = self._street.names - {*self._unfound} if visible else self._street.names
        for at in range(len(self._street.images)):
            frame = self._street.redacted(at, visible, found)
            _ = frame.jpeg
            yield frame


def free_of(box: Box, others: Collection[Box]) -> tuple[float, float]:
    """A point of a box that lies in as few of the others as may be."""
    left, top, right, bottom = box
    points = [(x, y) for x in np.linspace(left, right, 9)[1:-1] for y in np.linspace(top, bottom, 9)[1:-1]]
    return min(points, key=lambda point: sum(_within(point, other) for other in others))


def _within(point: tuple[float, float], box: Box) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]
