"""Frames of a source go through a function with a memory one by one; other cores decode and encode meanwhile."""

from __future__ import annotations

import asyncio
import threading
import weakref
from typing import Any

import numpy as np
import pytest

from functions import Frame
from functions.core import jpeg as codec
from functions.core.frame import Picture
from streams.stage.handler import Outcome, Stage
from streams.stage.invocation import Call
from streams.wire import records
from tests.streams import frames
from tests.streams.stage.stages import Arrived, NewStage, calling, changed, counted, first_doing
from tests.wait import others_turn, wait_until

State = dict[str, Any]


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> dict[bytes, threading.Event]:
    """What is set when a JPEG has been decoded, or could not be."""
    events: dict[bytes, threading.Event] = {}
    decode = codec.decode

    def noted(jpeg: bytes, *size: int) -> codec.Image:
        try:
            return decode(jpeg, *size)
        finally:
            events.setdefault(jpeg, threading.Event()).set()

    monkeypatch.setattr(codec, "decode", noted)
    return events


async def outcomes_of(stage: Stage, values: list[bytes]) -> list[Outcome]:
    """Of a first record, from which the stage knows what its function wants, and then of all the others at once."""
    first = await stage.outcome(Arrived(values[0]))
    return [first, *await asyncio.gather(*(stage.outcome(Arrived(each)) for each in values[1:]))]


async def test_the_next_frame_is_decoded_while_a_function_works_on_the_one_before(
    stage_of: NewStage, decoded: dict[bytes, threading.Event]
) -> None:
    stage, came_decoded = stage_of("count_frames"), list[bool]()
    jpegs = [frames.frame(seq).jpeg for seq in range(4)]
    decoded |= {jpeg: threading.Event() for jpeg in jpegs}

    def waits_for_the_next(frame: Frame) -> None:
        came_decoded.append(frame.picture.is_decoded)
        assert frame.image.any()
        if frame.seq in (1, 2):
            assert decoded[jpegs[frame.seq + 1]].wait(10)

    first_doing(stage, waits_for_the_next)
    outcomes = await outcomes_of(stage, [frames.record(seq) for seq in range(4)])

    assert [counted(outcome) for outcome in outcomes] == [[n] for n in range(1, 5)]
    assert came_decoded[2:] == [True, True]


async def test_a_function_that_wants_no_pixels_has_none_decoded(
    stage_of: NewStage, decoded: dict[bytes, threading.Event]
) -> None:
    stage = stage_of("count_frames")
    first = await stage.outcome(Arrived(frames.record()))
    hold, held = threading.Event(), threading.Event()
    first_doing(stage, lambda frame: (held.set(), hold.wait(10)))
    coming = [asyncio.create_task(stage.outcome(Arrived(frames.record(seq)))) for seq in range(1, 4)]
    await others_turn()
    assert await asyncio.to_thread(held.wait, 10)
    other = asyncio.create_task(stage.outcome(Arrived(frames.record(0, "gate"), key=b"gate")))
    await others_turn()
    hold.set()

    assert all(counted(outcome) for outcome in (first, *await asyncio.gather(*coming), await other))
    assert not decoded


async def test_a_picture_that_does_not_decode_is_one_dead_letter_as_ever_and_costs_no_thread(
    stage_of: NewStage, decoded: dict[bytes, threading.Event]
) -> None:
    stage = stage_of("count_frames")
    cut = {seq: frames.frame().jpeg[: -400 - seq] for seq in (2, 4, 6)}
    decoded |= {jpeg: threading.Event() for jpeg in cut.values()}

    def looks(frame: Frame) -> None:
        assert frame.image.any()
        assert frame.seq == 0 or decoded[cut[frame.seq + 1]].wait(10)

    first_doing(stage, looks)
    values = [changed(jpeg=cut[seq], seq=seq) if seq in cut else frames.record(seq) for seq in range(7) if seq]
    outcomes = await outcomes_of(stage, [frames.record(), *values])

    assert all("Expected a whole JPEG" in outcomes[seq].reason for seq in cut)
    assert [bool(outcome.results) for outcome in outcomes] == [seq not in cut for seq in range(7)]


async def test_what_is_too_old_by_then_is_not_decoded_and_the_pixels_go_with_the_call(
    stage_of: NewStage, decoded: dict[bytes, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, calls = stage_of("count_frames"), list[Call]()
    decode = Call._decode
    monkeypatch.setattr(Call, "_decode", lambda call: (calls.append(call), decode(call)))
    old = frames.frame(2).jpeg

    def looks(frame: Frame) -> None:
        assert frame.image.any()
        if frame.seq == 1:
            wait_until(lambda: len(calls) == 1, 10, "the next to be looked at")

    first_doing(stage, looks)
    await stage.outcome(Arrived(frames.record()))
    arrived = [Arrived(frames.record(1)), Arrived(changed(seq=2, jpeg=old, live=True), timestamp=1.0)]
    outcomes = await asyncio.gather(*map(stage.outcome, arrived))

    assert [bool(outcome.results) for outcome in outcomes] == [True, False]
    assert stage.counts["skipped"] == 1
    assert old not in decoded
    assert [call._decoded for call in calls] == [None]


async def test_a_picture_is_encoded_while_the_function_draws_the_next_one_in_the_same_pixels(
    stage_of: NewStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, next_is_drawn = stage_of("count_frames"), threading.Event()
    encode = codec.encode

    def waits_for_the_next(image: codec.Image) -> bytes:
        assert image.mean() > 50 or next_is_drawn.wait(10)
        return encode(image)

    def draw(frame: Frame, state: State) -> Frame:
        canvas = state.setdefault("canvas", np.zeros((48, 64, 3), np.uint8))
        canvas[:] = 100 * frame.seq
        if frame.seq:
            next_is_drawn.set()
        return frame.with_image(canvas)

    calling(stage, lambda frame, state, **_: draw(frame, state))
    arrived = [Arrived(frames.record(seq)) for seq in range(2)]
    monkeypatch.setattr(codec, "encode", waits_for_the_next)
    outcomes = await asyncio.gather(*map(stage.outcome, arrived))

    drawn = [records.to_frame(records.decode(value)).image for outcome in outcomes for value in outcome.results]
    assert [round(image.mean()) for image in drawn] == [0, 100]


async def test_pixels_do_not_wait_for_a_busy_event_loop(stage_of: NewStage) -> None:
    stage, seen = stage_of("count_frames"), list[weakref.ref[Picture]]()

    def draw(frame: Frame, state: State, **_: object) -> Frame:
        drawn = frame.with_image(np.array(frame.image))
        seen.extend(map(weakref.ref, (frame.picture, drawn.picture)))
        return drawn

    calling(stage, draw)
    coming = [asyncio.create_task(stage.outcome(Arrived(frames.record(seq)))) for seq in range(3)]
    await others_turn()  # each is before the threads
    # Meanwhile the event loop does nothing.
    wait_until(lambda: len(seen) == 6 and not any(ref() for ref in seen), 10, "all pixels to be gone")

    assert all(outcome.results for outcome in await asyncio.gather(*coming))


async def test_a_result_that_cannot_be_encoded_takes_the_state_with_it_from_who_has_it_by_then(
    stage_of: NewStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, seen = stage_of("count_frames"), list[int]()
    next_is_called, has_failed = threading.Event(), threading.Event()

    def fails(image: codec.Image) -> bytes:
        assert next_is_called.wait(10)
        raise MemoryError

    def draw(frame: Frame, state: State) -> Frame:
        seen.append(state.setdefault("n", 0))
        state["n"] += 1
        if frame.seq == 1:
            next_is_called.set()
            assert has_failed.wait(10)
        return frame if frame.seq else frame.with_image(np.zeros((48, 64, 3), np.uint8))

    calling(stage, lambda frame, state, **_: draw(frame, state))
    arrived = [Arrived(frames.record(seq)) for seq in range(3)]
    monkeypatch.setattr(codec, "encode", fails)
    first, second = (asyncio.create_task(stage.outcome(each)) for each in arrived[:2])
    first.add_done_callback(lambda task: has_failed.set())
    outcomes = [await first, await second, await stage.outcome(arrived[2])]

    assert [bool(outcome.results) for outcome in outcomes] == [False, True, True]
    assert seen == [0, 1, 0]
