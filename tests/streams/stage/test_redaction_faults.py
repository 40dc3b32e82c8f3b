"""Whatever goes wrong between reading a record and publishing its result, nothing un-redacted is published."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

import functions.redact as redact
from functions import Detection, Frame
from functions.core import jpeg, registry
from functions.core.frame import Picture
from functions.redaction import fills
from streams.stage.handler import Stage
from streams.stage.invocation import Invocation
from streams.stage.thread_pool import ThreadPool
from streams.wire import records
from streams.wire.records import RecordError
from tests.functions.hops import looked_at
from tests.streams import frames
from tests.streams.delivering import Delivering
from tests.streams.faulty_bus import BUS_FAULTS, Bus, never
from tests.streams.stage.stages import Arrived
from tests.streams.trusting import in_chain

FAULTS = 10_000
BUS_SCENARIOS = 400
OUTPUT, DEAD = "REDACTION_FRAME", "DEAD_REDACT"
SIDE = 48
BOX = (8, 8, 40, 40)
Fault = Callable[..., Any]


def _raise(error: Exception) -> Fault:
    def fault(*_: object, **__: object) -> Any:
        raise error

    return fault


def _gives(value: object) -> Fault:
    return lambda *_, **__: value


def _hang(*_: object, **__: object) -> None:
    threading.Event().wait(0.05)  # longer than the stage waits; not for ever, since it would keep its thread


ANY = {
    "raises": _raise(ZeroDivisionError("no")),
    "runs out of memory": _raise(MemoryError()),
    "opencv's own": _raise(cv2.error("no")),  # type: ignore[arg-type]
    "nothing": _gives(None),
    "text": _gives("text"),
    "bytes": _gives(b"\xff\xd8\xff\xd9"),
    "an empty array": _gives(np.zeros((0, 0, 3), np.uint8)),
    "an array of another size": _gives(np.full((SIDE // 2, SIDE, 3), 200, np.uint8)),
    "hangs": _hang,
}
# Every step of a stage's way with a record: module and name of what is called.
STEPS: dict[str, tuple[object, str]] = {
    "reading": (records, "decode"),
    "the frame": (records, "to_frame"),
    "doubting": (redact, "doubt_of"),
    "mask": (redact, "mask_of"),
    "style": (fills.STYLES, "solid"),
    "drawing": (redact, "_covered"),
    "decoding": (jpeg, "decode"),
    "encoding": (jpeg, "encode"),
    "the record": (records, "from_frame"),
}
CAME: dict[str, Callable[[Frame], object]] = {
    "the frame as it came": lambda frame: frame,
    "its bytes in another picture": lambda frame: replace(frame, picture=Picture(jpeg=frame.jpeg)),
    "both": lambda frame: [frame, replace(frame, picture=Picture(jpeg=frame.jpeg))],
}


def _gives_back(how: str) -> Fault:
    return lambda frame, *_, **__: CAME[how](frame)


@contextmanager
def broken(stage: Stage, step: str, fault: Fault) -> Iterator[None]:
    """One step that goes wrong."""
    with pytest.MonkeyPatch.context() as patch:
        if step == "the function":
            patch.setattr(stage, "work", replace(stage.work, spec=replace(stage.work.spec, call=fault)))
            yield
            return
        where, name = STEPS[step]
        if isinstance(where, dict):
            patch.setitem(where, name, fault)
        else:
            patch.setattr(where, name, fault)
        yield


WALL = np.random.default_rng(3).integers(120, 255, (SIDE, SIDE, 3), np.uint8)
PICTURE = jpeg.encode(WALL)


def somebody(seq: int, picture: bytes = PICTURE) -> bytes:
    """A record of a bright person, found, before a bright wall."""
    frame = replace(frames.frame(seq), picture=Picture(jpeg=picture), detections=(Detection("person", 0.9, BOX),))
    return records.encode(records.from_frame(looked_at(frame)))


def damaged(dice: random.Random) -> bytes:
    """The picture cut, or with some bytes changed, from behind its header on."""
    start = PICTURE.index(b"\xff\xda") + 14
    if dice.random() < 0.5:
        return PICTURE[: dice.randrange(start, len(PICTURE))]
    changed = bytearray(PICTURE)
    for _ in range(dice.randint(1, 8)):
        changed[dice.randrange(start, len(changed))] = dice.randrange(256)
    return bytes(changed)


def shows_somebody(value: object) -> bool:
    """Whether what was published has the person in it, as pixels or as bytes of the picture that came."""
    if not isinstance(value, bytes):
        return False
    if PICTURE[-200:-100] in value:
        return True
    try:
        record = records.decode(value)
    except RecordError:
        return False
    x1, y1, x2, y2 = BOX
    return record.redaction is None or bool(Frame.from_jpeg(record.jpeg).image[y1:y2, x1:x2].mean() > 20)


@pytest.fixture
def stage() -> Iterator[Stage]:
    """The redactor as it runs behind a topic, with a time limit that hanging steps exceed."""
    spec = registry.load()["redact"]
    said = spec.validate({"motion": False, "look_ahead_s": 0, "padding": 0})
    pool = ThreadPool(4, time_limit_s=0.02)
    pool.start()
    work = in_chain(Invocation("redact", spec, said, True, records.MAX_RECORD_BYTES))
    yield Stage(work, pool)
    pool.stop()


def faults(dice: random.Random) -> Iterator[tuple[str, Fault, str]]:
    """Step after step, each time one that goes wrong."""
    while True:
        step, fault = dice.choice(list(STEPS)), dice.choice(list(ANY))
        if fault != "hangs" or dice.random() < 0.05:  # it takes its time
            yield step, ANY[fault], f"{step}: {fault}"
        yield "the function", _gives_back(dice.choice(list(CAME))), "the function gives back the frame as it came"


async def test_none_of_10_000_faults_puts_anybody_on_the_redacted_topic(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)  # each is a warning
    dice = random.Random(1)
    for seq, (step, fault, name) in zip(range(FAULTS), faults(dice), strict=False):
        message = Arrived(somebody(seq, PICTURE if dice.random() < 0.8 else damaged(dice)))
        with broken(stage, step, fault):
            outcome = await stage.outcome(message)
        for value in outcome.results:
            assert not shows_somebody(value), f"Fault {seq}: {name}"
    assert stage.counts["dead"] > FAULTS / 2

    # The test sees what it looks for, and after all that the stage still works.
    assert shows_somebody(somebody(0))
    (value,) = (await stage.outcome(Arrived(somebody(FAULTS)))).results
    assert not shows_somebody(value)
    assert records.decode(value).detections[0].hidden


async def deliver(stage: Stage, bus: Bus, waiting: list[Arrived], patience_s: float) -> list[Arrived]:
    """What is acked from a stage's start until that is all, or until it ends, or hangs and is ended."""
    acked: list[Arrived] = []
    all_acked = asyncio.Event()

    async def events() -> AsyncIterator[Arrived]:
        for message in waiting:
            yield message
        await never()

    def ack(message: Arrived) -> None:
        acked.append(message)
        if len(acked) == len(waiting):
            all_acked.set()

    delivery = Delivering(stage, bus.send, (OUTPUT, DEAD), 4, ack)
    running = asyncio.create_task(delivery.run(events()))
    done = asyncio.create_task(all_acked.wait())
    await asyncio.wait({running, done}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
    running.cancel()
    done.cancel()
    await asyncio.gather(running, done, return_exceptions=True)
    return acked


async def test_no_fault_of_the_bus_puts_anybody_there_nor_acks_what_did_not_arrive(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    dice = random.Random(2)
    for seq, (step, fault, name) in zip(range(0, BUS_SCENARIOS * 3, 3), faults(dice), strict=False):
        messages = [Arrived(somebody(seq + more), offset=seq + more) for more in range(3)]
        what = dice.choice(list(BUS_FAULTS))
        bus = Bus(BUS_FAULTS[what], at=dice.randint(1, 3))
        of_its_own = dice.random() < 0.3  # the stage has a fault, too
        with broken(stage, step, fault) if of_its_own else nullcontext():
            acked = await deliver(stage, bus, messages, patience_s=0.03)
        case = f"Scenario {seq}: a bus that {what}; {name if of_its_own else 'nothing else'}"
        assert acked == messages[: len(acked)], case
        assert of_its_own or len(acked) <= bus.arrived, case

        bus.fault = None
        stage.forget()  # as at its next start
        if left := messages[len(acked) :]:
            assert await deliver(stage, bus, left, patience_s=10) == left, case
        shown = [value for topic, value in bus.published if topic == OUTPUT]
        assert not any(map(shows_somebody, shown)), case
        assert of_its_own or bus.arrived >= len(messages), case
