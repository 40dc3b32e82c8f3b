"""Puts frames on the topics of the default chain, as a producer and its stages would."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from functions.core.frame import XYXY, Detection, Frame, Hop, Picture, Redaction
from streams.wire import records
from tests.bus import produce

SIZE_WH = (320, 240)
SOURCE, ANNOTATED, REDACTED = "SOURCE_FRAME", "ANNOTATED_FRAME", "REDACTION_FRAME"
ALL = (SOURCE, ANNOTATED, REDACTED)


def colour_of(seq: int) -> tuple[int, int, int]:
    """The red, green and blue of a frame's picture: tells frames apart after JPEG too."""
    return (40 + 60 * (seq % 4), 40 + 60 * (seq // 4 % 4), 40 + 60 * (seq // 16 % 4))


@dataclass
class Camera:
    """A source on the broker at `url`; its pictures are of one colour each."""

    url: str
    name: str
    run: str = field(default_factory=lambda: secrets.token_hex(6))

    def send(
        self,
        seq: int,
        topics: Iterable[str] = ALL,
        detections: Iterable[Detection] = (),
        doubt: str | None = None,
        unseen: Iterable[XYXY] = (),
    ) -> Frame:
        """Put one frame on these topics; it is the frame of the last one. In `doubt` a redactor hides all of it."""
        frame = self.frame(seq).with_detections(detections).with_unseen(unseen)
        for topic in topics:
            sent = _passed_on(frame, topic)
            if sent.redaction and doubt:
                black = sent.with_image(np.zeros_like(sent.image))
                sent = replace(black, redaction=replace(sent.redaction, covered=1.0, doubt=doubt))
            produce(self.url, topic, self.name, records.encode(records.from_frame(sent)))
        return sent

    def frame(self, seq: int) -> Frame:
        """A frame that nothing was found in."""
        width, height = SIZE_WH
        image = np.full((height, width, 3), colour_of(seq)[::-1], np.uint8)
        return Frame(
            picture=Picture(image=image),
            source=self.name,
            id=f"{self.run}-{seq}",
            seq=seq,
            captured_at=time.time_ns() // 1000,
            live=True,
        )


def _passed_on(frame: Frame, topic: str) -> Frame:
    return {SOURCE: _raw, ANNOTATED: _annotated, REDACTED: _redacted}[topic](frame)


def _raw(frame: Frame) -> Frame:
    return replace(frame, detections=())


def _annotated(frame: Frame) -> Frame:
    image = frame.image.copy()
    for found in frame.detections:
        x1, y1, x2, y2 = map(int, found.xyxy)
        cv2.rectangle(image, (x1, y1), (x2, y2), (0, 255, 0), 2)
    return replace(frame.with_image(image), hops=(_detected(frame), _hop(frame, "annotate", 4_000)))


def _redacted(frame: Frame) -> Frame:
    image = frame.image.copy()
    hidden = tuple(replace(found, hidden=found.label == "person") for found in frame.detections)
    for found in hidden:
        x1, y1, x2, y2 = map(int, found.xyxy)
        image[y1:y2, x1:x2] = 0 if found.hidden else image[y1:y2, x1:x2]
    return replace(
        frame.with_image(image),
        detections=hidden,
        hops=(_detected(frame), _hop(frame, "redact", 7_000)),
        redaction=Redaction(("person",), "black", 0.1),
    )


def _detected(frame: Frame) -> Hop:
    return Hop("detect", "detect_people", "1", {}, frame.captured_at + 5_000, 61_000, 58_000)


def _hop(frame: Frame, name: str, took_us: int) -> Hop:
    return Hop(name, name, "1", {}, frame.captured_at + 70_000, took_us, took_us)
