"""The invocation: one record through one function, in a thread of the stage's pool."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any

from functions.core.frame import Frame, Hop, Picture
from functions.core.jpeg import Decode
from functions.core.registry import FunctionSpec
from streams.chain.evidence import Evidence, said
from streams.chain.redacted_words import VERSION, Words, clean_id
from streams.runtime.errors import Failed, Skipped
from streams.runtime.metrics import Times
from streams.runtime.poison_records import PoisonRecords
from streams.stage.ordering import Arguments
from streams.wire import records
from streams.wire.reading import Message, redriven_mark
from streams.wire.records import MAX_DETECTIONS, RecordError

MAX_RESULTS = 256
_AVERAGE_OVER = 100


class BadResult(Exception):
    """A function returned what cannot be published; the text says what was expected."""


class RunningMean:
    """The mean of the last 100 times."""

    def __init__(self) -> None:
        self._last: deque[int] = deque(maxlen=_AVERAGE_OVER)
        self._lock = threading.Lock()

    def add(self, value: int) -> int:
        """Take one more in and give the new mean."""
        with self._lock:
            self._last.append(value)
            return round(sum(self._last) / len(self._last))


@dataclass
class Sight:
    """Whether a function wanted the pixels of the last frame."""

    is_wanted: bool = False


@dataclass(frozen=True)
class Returned:
    """What a function returned for a frame; `started_at` in us since the epoch, `start` in ns of perf_counter."""

    frame: Frame
    results: list[Frame]
    started_at: int
    start: int


@dataclass(frozen=True)
class Invocation:
    """A function with its options, as one stage runs it.

    `max_age_s`: live frames older than that are skipped; `evidence`: what it may believe of the hops before it;
    `words`: those that it may put on a redacted topic; `decode`: how it makes pixels of a JPEG, where it shares them
    with other stages.
    """

    stage: str
    spec: FunctionSpec
    options: dict[str, Any]
    redacted_output: bool
    max_record_bytes: int
    max_age_s: float = math.inf
    average: RunningMean = field(default_factory=RunningMean)
    sight: Sight = field(default_factory=Sight)
    times: Times = field(default_factory=Times)
    evidence: Evidence = field(default_factory=Evidence)
    words: Words = field(default_factory=Words)
    decode: Decode | None = None

    @property
    def window_s(self) -> float | None:
        """How far ahead the function looks, None where it does not."""
        return self.spec.window_s(self.options) if self.spec.look_ahead_s else None

    def __call__(self, frame: Frame, *memory: Any) -> Returned:
        """What it makes of a frame and the state of its source. Raises what the function raises, and BadResult."""
        started_at, start = time.time_ns() // 1000, time.perf_counter_ns()
        # The copy is the function's: it may change even what is frozen, and of that nothing is relied on afterwards.
        returned = self.spec.call(self.evidence.judged(frame), *memory, **self.options)
        results = [self._checked(each) for each in _as_frames(self.spec.name, returned)]
        # What its state may hold as well is changed by the call for the next frame, while this one is encoded.
        return Returned(frame, [_of_its_own(each) for each in results] if memory else results, started_at, start)

    def records(self, returned: Returned) -> list[bytes]:
        """What it returned, encoded. Raises BadResult."""
        frame, results = returned.frame, returned.results
        for result in results:
            _ = result.jpeg  # encodes here what was drawn on, as part of the time it took
        took_us = (time.perf_counter_ns() - returned.start) // 1000
        self.times.add(frame, returned.started_at, took_us)
        hop = Hop(
            stage=self.stage,
            function=self.spec.name,
            version=VERSION,
            options=self._said,
            started_at=returned.started_at,
            took_us=took_us,
            average_us=self.average.add(took_us),
        )
        return [self._encoded(frame, result, hop, extra) for extra, result in enumerate(results)]

    @cached_property
    def _said(self) -> dict[str, object]:
        return said(self.options)

    def _checked(self, result: object) -> Frame:
        if not isinstance(result, Frame):
            raise BadResult(f"{self.spec.name}: expected a Frame, several or None, got {type(result).__name__}")
        if self.redacted_output and self.spec.redacts and not result.picture.from_pixels:
            raise BadResult(
                f"{self.spec.name}: expected a picture made anew for a redacted topic, got the one it was given"
            )
        return result

    def _encoded(self, frame: Frame, result: Frame, hop: Hop, extra: int) -> bytes:
        # What says which frame this is comes from the record, whatever the function made of it.
        frame_id = clean_id(frame.id, frame.seq) if self.redacted_output else frame.id
        named = replace(
            result,
            id=f"{frame_id}.{extra}" if extra else frame_id,
            source=frame.source,
            seq=frame.seq,
            captured_at=frame.captured_at,
            live=frame.live,
            hops=(*frame.hops, hop),
        )
        return self._as_record(named, len(frame.detections))

    def _as_record(self, result: Frame, came: int) -> bytes:
        """A result on the wire; `came` detections came with the frame."""
        count = len(result.detections)
        if count > MAX_DETECTIONS:
            raise BadResult(
                f"{self.spec.name}: expected a result of at most {MAX_DETECTIONS} detections, got {count} "
                f"({came} came in, the function added {count - came})"
            )
        try:
            record = records.from_frame(result)
            return records.encode(self.words.cleaned(record) if self.redacted_output else record, self.max_record_bytes)
        except RecordError as error:
            raise BadResult(f"{self.spec.name}: its result does not fit a record: {error}") from None


@dataclass(eq=False)
class Call:
    """One record's call; a live frame that is too old, or surplus, when a thread takes it is skipped.

    One that was redriven never is: whoever asked for it wants it, however late.
    """

    work: Invocation
    frame: Frame
    message: Message
    use: AbstractContextManager[Arguments]
    is_surplus: Callable[[], bool]
    suspects: PoisonRecords
    _decoded: Picture | None = None

    def __call__(self) -> list[bytes]:
        """The records of what the function makes of it. Raises Skipped, BadResult, and whatever the function raises."""
        picture = self._picture()
        with self.suspects.at_work(self.message):
            return self.work.records(self._called(picture))

    def returned(self) -> Returned:
        """What the function makes of it. Raises Skipped, BadResult, and whatever the function raises."""
        picture = self._picture()
        with self.suspects.at_work(self.message):
            return self._called(picture)

    def records(self, returned: Returned) -> list[bytes]:
        """What the function made of it, encoded. Raises BadResult."""
        with self.suspects.at_work(self.message):
            return self.work.records(returned)

    def ahead(self) -> Callable[[], None] | None:
        """What can be done before the call: the picture is decoded where the function is one that looks."""
        return self._decode if self.work.sight.is_wanted else None

    def _picture(self) -> Picture:
        picture, self._decoded = self._decoded or self._of_its_own(), None
        if self._is_too_late:
            raise Skipped
        return picture

    def _called(self, picture: Picture) -> Returned:
        with self.use as arguments:
            try:
                returned = self.work(replace(self.frame, picture=picture), *arguments)
            except Skipped as error:  # a function does not decide that
                raise Failed(f"Skipped: {error}") from None
        self.work.sight.is_wanted = picture.is_decoded
        return returned

    def _decode(self) -> None:
        if not self._is_too_late:
            picture = self._of_its_own()
            with self.suspects.at_work(self.message), suppress(Exception):  # what is wrong is for the call to say
                _ = picture.image
            self._decoded = picture

    def _of_its_own(self) -> Picture:
        # Its pixels go with it: the frame that came may wait long for a busy event loop.
        return Picture(jpeg=self.frame.jpeg, decode=self.work.decode)

    @property
    def _is_too_late(self) -> bool:
        too_old = time.time() - self.message.timestamp > self.work.max_age_s
        return self._may_be_skipped and (too_old or self.is_surplus())

    @property
    def _may_be_skipped(self) -> bool:
        return self.frame.live and not redriven_mark(self.message.headers)


def _of_its_own(result: Frame) -> Frame:
    found = tuple(result.detections) if isinstance(result.detections, list) else result.detections
    return replace(result, picture=result.picture.of_its_own(), detections=found)


def _as_frames(name: str, returned: object) -> Iterable[object]:
    if returned is None:
        return ()
    if not isinstance(returned, (list, tuple)):
        return (returned,)
    results = list(islice(returned, MAX_RESULTS + 1))  # a list of a class of its own may have no end
    if len(results) > MAX_RESULTS:
        raise BadResult(f"{name}: expected at most {MAX_RESULTS} frames, got more")
    return results
