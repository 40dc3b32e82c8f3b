"""Pairing: joins two topics by frame id; the faster side waits in a bounded buffer."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import msgspec
import numpy as np

from functions.core import jpeg as codec
from functions.core.jpeg import JpegError
from streams.wire.records import Record

# A file's producer may be some hundred frames ahead of the stages; older left sides are dropped.
BUFFER_BYTES = 48 * 1024 * 1024
BUFFER_S = 300.0
# After this long without a left side, frames are shown alone.
ALONE_S = 2.0

Key = tuple[str, str]


@dataclass(frozen=True)
class LiveFrame:
    """A frame as the viewer keeps it: the record, its metadata as JSON, and smaller renditions of its JPEG."""

    topic: str
    record: Record
    arrived_at: float  # of time.monotonic(), as all its ages
    renditions: dict[int, asyncio.Future[bytes]] = field(default_factory=dict, compare=False)  # by width

    @property
    def source(self) -> str:
        return self.record.source

    @cached_property
    def meta(self) -> msgspec.Raw:
        """Everything of the record but the picture, encoded once for all browsers."""
        fields = msgspec.structs.asdict(self.record).items()
        said = {name: value for name, value in fields if name not in ("jpeg", "v") and value is not msgspec.UNSET}
        return msgspec.Raw(msgspec.json.encode({"topic": self.topic, **said}))


@dataclass(frozen=True)
class Pair:
    """One frame on one topic or two; `number` grows with every pair of a source."""

    left: LiveFrame | None
    right: LiveFrame | None
    number: int

    @property
    def sides(self) -> tuple[tuple[str, LiveFrame], ...]:
        """The sides that there are, by name."""
        named = (("left", self.left), ("right", self.right))
        return tuple((name, side) for name, side in named if side is not None)


@dataclass
class Pairing:
    """The newest pair of each source; with `left` None, the newest frames of one topic; `taps` get every pair."""

    left: str | None
    right: str
    pairs: dict[str, Pair] = field(default_factory=dict)
    users: int = 0
    taps: set[Callable[[Pair], None]] = field(default_factory=set)
    _lefts: OrderedDict[Key, LiveFrame] = field(default_factory=OrderedDict)
    _rights: dict[str, LiveFrame] = field(default_factory=dict)
    _unmatched_since: dict[str, float] = field(default_factory=dict)
    _bytes: int = 0
    _forgotten: int = 0  # the highest number of a dropped source

    def put(self, frame: LiveFrame) -> None:
        """Add a frame of either topic."""
        if frame.topic == self.left:
            self._put_left(frame)
        if frame.topic == self.right:
            self._put_right(frame)

    def forget(self, source: str) -> None:
        """Drop a source; its later pairs get higher numbers."""
        if (pair := self.pairs.pop(source, None)) is not None:
            self._forgotten = max(self._forgotten, pair.number)
        self._rights.pop(source, None)
        self._unmatched_since.pop(source, None)
        for key in [key for key in self._lefts if key[0] == source]:
            self._bytes -= len(self._lefts.pop(key).record.jpeg)

    def _put_left(self, frame: LiveFrame) -> None:
        self._keep(frame)
        waiting = self._rights.get(frame.source)
        if waiting is None:
            self._set(frame, None)
        elif waiting.record.id == frame.record.id:
            self._set(frame, waiting)

    def _put_right(self, frame: LiveFrame) -> None:
        self._rights[frame.source] = frame
        if self.left is None:
            self._set(None, frame)
        elif (left := self._lefts.get((frame.source, frame.record.id))) is not None:
            self._set(left, frame)
        elif frame.arrived_at - self._unmatched_since.setdefault(frame.source, frame.arrived_at) > ALONE_S:
            self._set(None, frame)

    def _set(self, left: LiveFrame | None, right: LiveFrame | None) -> None:
        source = (right or left).source  # type: ignore[union-attr]  # one of them is always there
        if left and right:
            self._unmatched_since.pop(source, None)
        before = self.pairs.get(source)
        self.pairs[source] = pair = Pair(left, right, (before.number if before else self._forgotten) + 1)
        for tap in self.taps:
            tap(pair)

    def _keep(self, frame: LiveFrame) -> None:
        key = (frame.source, frame.record.id)
        if (same := self._lefts.pop(key, None)) is not None:
            self._bytes -= len(same.record.jpeg)
        self._lefts[key] = frame
        self._bytes += len(frame.record.jpeg)
        while self._lefts and (self._bytes > BUFFER_BYTES or frame.arrived_at - self._oldest.arrived_at > BUFFER_S):
            self._bytes -= len(self._oldest.record.jpeg)
            self._lefts.popitem(last=False)

    @property
    def _oldest(self) -> LiveFrame:
        return next(iter(self._lefts.values()))


_QUALITY = 80


async def jpeg_of(frame: LiveFrame, width: int | None) -> bytes:
    """The frame's JPEG, no wider than `width`; unchanged where it is not wider or cannot be decoded."""
    if width is None or frame.record.size_wh[0] <= width:
        return frame.record.jpeg
    making = frame.renditions.get(width)
    if making is None:
        making = frame.renditions[width] = asyncio.ensure_future(asyncio.to_thread(_smaller, frame.record.jpeg, width))
    return await asyncio.shield(making)


def _smaller(jpeg: bytes, width: int) -> bytes:
    try:
        image = codec.decode(jpeg)
    except JpegError:
        return jpeg
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    resized = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return codec.encode(resized.astype(np.uint8, copy=False), _QUALITY)
