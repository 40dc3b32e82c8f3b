"""What tests of stages share: what arrives at one, what its function does, and what comes out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import msgpack

from functions import Frame
from streams.stage.handler import Outcome, Stage
from streams.wire import records
from tests.streams import frames

NewStage = Callable[..., Stage]


@dataclass
class Arrived:
    """A message as Kafka hands it over, written just now."""

    value: bytes | None
    key: bytes | None = b"cam"
    topic: str = "SOURCE_FRAME"
    partition: int = 0
    offset: int = 7
    timestamp: float = 0.0
    headers: tuple[tuple[str, bytes], ...] = ()

    def __post_init__(self) -> None:
        self.timestamp = self.timestamp or time.time()


def changed(**fields: object) -> bytes:
    """A good record with some fields replaced, written by an independent encoder."""
    return msgpack.packb(msgpack.unpackb(frames.record()) | fields)


def counted(outcome: Outcome) -> list[int | None]:
    """What count_frames wrote: how many frames its state has seen."""
    return [found.track for value in outcome.results for found in records.decode(value).detections]


def calling(stage: Stage, call: Callable[..., Any]) -> None:
    """Have it call this in place of its function."""
    stage.work = replace(stage.work, spec=replace(stage.work.spec, call=call))


def first_doing(stage: Stage, work: Callable[[Frame], object]) -> None:
    """Have its function do this before what it does."""
    call = stage.work.spec.call

    def also(frame: Frame, *more: Any, **options: Any) -> Any:
        work(frame)
        return call(frame, *more, **options)

    calling(stage, also)
