"""The frame that functions take and return: a picture of one source with its detections and hops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import cv2
import numpy as np

from functions.core import jpeg as codec
from functions.core.jpeg import Decode, Image
from functions.core.xyxy import XYXY as XYXY
from functions.core.xyxy import Size as Size
from functions.core.xyxy import clipped, same_shape, scaled

MAX_UNSEEN = 256


class Picture:
    """A picture as JPEG bytes or pixels, each made lazily of the other; `from_pixels`: the JPEG was encoded here.

    `decode` makes the pixels of the JPEG, where that is not `functions.core.jpeg`.
    """

    def __init__(self, *, jpeg: bytes | None = None, image: Image | None = None, decode: Decode | None = None) -> None:
        if (jpeg is None) == (image is None):
            raise TypeError("Expected either jpeg or image")
        self.from_pixels = image is not None
        self._decode = decode
        if jpeg is not None:
            self.jpeg = jpeg
        if image is not None:
            self.image = _read_only(image)

    @cached_property
    def jpeg(self) -> bytes:
        """The bytes it came with, or the pixels encoded."""
        return codec.encode(self.image)

    @cached_property
    def image(self) -> Image:
        """Upright BGR pixels, uint8 of shape (height, width, 3), read-only."""
        return _read_only((self._decode or codec.decode)(self.jpeg))

    @property
    def is_decoded(self) -> bool:
        """Whether there are pixels of its full size by now."""
        return "image" in self.__dict__

    def of_its_own(self) -> Self:
        """The same picture, with nothing that whoever drew it may still change."""
        return self if "jpeg" in self.__dict__ else type(self)(image=self.image.copy())

    def image_at(self, max_side: int) -> Image:
        """The pixels scaled down so that no side is longer, decoded no larger than that takes."""
        width, height = self.size_wh
        if max_side >= max(width, height) or self.is_decoded:
            return _scaled(self.image, max_side)
        return _read_only(_scaled(codec.decode(self.jpeg, max_side), max_side))

    @cached_property
    def size_wh(self) -> Size:
        """Upright width and height, from the JPEG's header where the pixels are not decoded."""
        if self.is_decoded:
            height, width = self.image.shape[:2]
            return width, height
        return codec.read_header(self.jpeg).size_wh


@dataclass(frozen=True)
class Detection:
    """One detection: `confidence` 0 to 1, `xyxy` left, top, right, bottom in pixels of its picture."""

    label: str
    confidence: float
    xyxy: XYXY
    track: int | None = None
    hidden: bool = False

    def clipped(self, size_wh: Size) -> Self:
        """The detection with its box clipped to a picture of that size."""
        return replace(self, xyxy=clipped(self.xyxy, size_wh))


@dataclass(frozen=True)
class Hop:
    """What one stage did with the frame: times in microseconds, `started_at` since the epoch.

    `finds`: the labels that it can find, by the chain file of whoever reads the hop; `disbelief`: why it is not trusted
    to have looked. Neither is part of a record, which anybody could write.
    """

    stage: str
    function: str
    version: str
    options: dict[str, object]
    started_at: int
    took_us: int
    average_us: int
    finds: frozenset[str] = frozenset()
    disbelief: str = ""


@dataclass(frozen=True)
class Redaction:
    """What a redactor did: `covered` is the share of the picture that was hidden, 0 to 1."""

    labels: tuple[str, ...]
    style: str
    covered: float
    doubt: str | None = None


@dataclass(frozen=True)
class Frame:
    """One frame of a source. Frozen: every change gives a new frame.

    `captured_at` is in microseconds since the epoch; `seq` counts the producer's frames; a frame that is not
    `live` is never skipped. `unseen` are the parts of the picture, as boxes in its pixels, that a detector did not
    look at: what it found there is not known.
    """

    picture: Picture
    source: str = "source"
    id: str = "000000000000-0"
    seq: int = 0
    captured_at: int = 0
    live: bool = False
    detections: tuple[Detection, ...] = ()
    unseen: tuple[XYXY, ...] = ()
    hops: tuple[Hop, ...] = ()
    redaction: Redaction | None = None

    @classmethod
    def from_jpeg(cls, jpeg: bytes, source: str = "source") -> Self:
        """A frame that holds these JPEG bytes."""
        return cls(Picture(jpeg=jpeg), source)

    @classmethod
    def from_image(cls, image: Image, source: str = "source") -> Self:
        """A frame that holds these BGR pixels, uint8 of shape (height, width, 3)."""
        return cls(Picture(image=image), source)

    @cached_property
    def run(self) -> str:
        """The producer's run, part of the id: a producer that is started again has another one."""
        return run_of(self.id)

    @property
    def image(self) -> Image:
        """Upright BGR pixels, read-only: copy before drawing."""
        return self.picture.image

    def image_at(self, max_side: int) -> Image:
        """Upright BGR pixels with no side longer than this, read-only; a JPEG is decoded no larger than that needs."""
        return self.picture.image_at(max_side)

    @property
    def jpeg(self) -> bytes:
        """The picture as JPEG: the very bytes that came, as long as nobody gave it another image."""
        return self.picture.jpeg

    @property
    def size_wh(self) -> Size:
        """Upright width and height in pixels."""
        return self.picture.size_wh

    def with_image(self, image: Image) -> Self:
        """The same frame with another picture; one of another size has its boxes scaled along.

        What was unseen in a picture of another shape may be anywhere in this one, so all of it is.
        """
        changed = replace(self, picture=Picture(image=image))
        if changed.size_wh == self.size_wh:
            return changed
        if not same_shape(changed.size_wh, self.size_wh):
            width, height = changed.size_wh
            return replace(changed, unseen=((0.0, 0.0, width, height),) if self.unseen else ())
        boxes = (replace(found, xyxy=scaled(found.xyxy, self.size_wh, changed.size_wh)) for found in self.detections)
        unseen = tuple(clipped(scaled(box, self.size_wh, changed.size_wh), changed.size_wh) for box in self.unseen)
        return replace(changed, unseen=unseen).with_detections(boxes)

    def with_detections(self, detections: Iterable[Detection]) -> Self:
        """The same frame with these detections in place of its own, clipped to the picture."""
        return replace(self, detections=tuple(found.clipped(self.size_wh) for found in detections))

    def with_unseen(self, boxes: Iterable[XYXY]) -> Self:
        """The same frame with these boxes, clipped to the picture, added to what was not looked at.

        More than a record takes become the one box around all.
        """
        unseen = (*self.unseen, *(clipped(box, self.size_wh) for box in boxes))
        if len(unseen) > MAX_UNSEEN:
            left, top, right, bottom = zip(*unseen, strict=True)
            unseen = ((min(left), min(top), max(right), max(bottom)),)
        return replace(self, unseen=unseen)


def run_of(frame_id: str) -> str:
    """The producer's run in the id of a frame or record, `RUN-SEQ`."""
    return frame_id.partition("-")[0]


def _scaled(image: Image, max_side: int) -> Image:
    height, width = image.shape[:2]
    if max_side >= max(width, height):
        return image
    scale = max_side / max(width, height)
    size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    return _read_only(cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False))


def _read_only(image: Image) -> Image:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(f"Expected BGR pixels, uint8 of shape (height, width, 3), got {image.dtype} of {image.shape}")
    view = image.view()
    view.flags.writeable = False
    return view
