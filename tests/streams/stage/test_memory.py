"""What a function remembers of a source, and the frames that it sees ahead."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import Any

from functions import Frame
from streams.app import stage_app
from streams.chain.types import StageConf
from streams.settings import Settings
from tests.streams import frames
from tests.streams.stage.stages import Arrived, NewStage, calling, changed, counted, first_doing
from tests.wait import others_turn, wait_until


async def test_every_source_has_a_state_of_its_own_and_meets_it_in_order(stage_of: NewStage) -> None:
    stage = stage_of("count_frames")
    messages = [
        Arrived(frames.record(seq, source), key=source.encode()) for seq in range(20) for source in ("door", "yard")
    ]

    outcomes = await asyncio.gather(*map(stage.outcome, messages))

    assert [counted(outcome) for outcome in outcomes[::2]] == [[n] for n in range(1, 21)]
    assert [counted(outcome) for outcome in outcomes[1::2]] == [[n] for n in range(1, 21)]


async def test_a_thread_goes_from_one_frame_of_a_source_to_the_next_while_the_event_loop_is_busy(
    stage_of: NewStage,
) -> None:
    stage, done = stage_of("count_frames"), list[int]()
    first_doing(stage, lambda frame: done.append(frame.seq))
    coming = [asyncio.create_task(stage.outcome(Arrived(frames.record(seq)))) for seq in range(5)]
    await others_turn()  # each is before the threads

    wait_until(lambda: done == list(range(5)), 10, "all five to be done")  # meanwhile the event loop does nothing

    assert [counted(await outcome) for outcome in coming] == [[n] for n in range(1, 6)]


async def test_a_call_whose_time_is_up_gives_no_state_back_when_it_ends(stage_of: NewStage) -> None:
    stage, ends = stage_of("count_frames", time_limit_s=0.2), threading.Event()
    count = stage.work.spec.call

    def slow(frame: Frame, *more: Any, **options: Any) -> Any:
        result = count(frame, *more, **options)
        if frame.seq == 1:
            ends.wait(30)
        return result

    calling(stage, slow)
    outcomes = [await stage.outcome(Arrived(frames.record(seq))) for seq in (0, 1)]
    ends.set()
    outcomes += [await stage.outcome(Arrived(frames.record(seq))) for seq in (2, 3)]

    assert "TookTooLong" in outcomes[1].reason
    assert [counted(outcome) for outcome in outcomes if outcome.results] == [[1], [1], [2]]


async def test_a_repeat_is_answered_without_touching_the_state(stage_of: NewStage) -> None:
    stage = stage_of("count_frames")

    seen = [counted(await stage.outcome(Arrived(frames.record(seq)))) for seq in (0, 1, 0, 1, 2)]

    assert seen == [[1], [2], [1], [1], [3]]


async def test_a_stage_that_starts_again_in_its_process_remembers_nothing(stage_of: NewStage) -> None:
    """Whatever the bus refused it: others may have had its sources meanwhile."""
    stage = stage_of("count_frames")
    conf = StageConf(function="count_frames", input="A", output="B")

    stage_app(stage, conf, Settings(), lambda refusal: None)
    before = [counted(await stage.outcome(Arrived(frames.record(seq)))) for seq in (0, 1)]
    stage_app(stage, conf, Settings(), lambda refusal: None)
    after = [counted(await stage.outcome(Arrived(frames.record(seq)))) for seq in (2, 3)]

    assert (before, after) == ([[1], [2]], [[1], [2]])


async def test_a_state_is_thrown_away_after_an_error(stage_of: NewStage) -> None:
    stage = stage_of("count_frames", label="x" * 200)  # too long for a record: an error once the function has run

    first = await stage.outcome(Arrived(frames.record(0)))
    stage.work = replace(stage.work, options={"label": "n"})
    second = await stage.outcome(Arrived(frames.record(1)))

    assert "length <= 128 - at `$.detections[0].label`" in first.reason
    assert counted(second) == [1]


async def test_a_function_that_looks_ahead_gets_the_frames_of_its_window_and_at_the_end_those_there_are(
    stage_of: NewStage,
) -> None:
    stage = stage_of("count_ahead")  # 0.3 s ahead; the frames are 0.1 s apart

    outcomes = await asyncio.gather(*(stage.outcome(Arrived(frames.record(seq))) for seq in range(6)))

    assert [counted(outcome) for outcome in outcomes] == [[1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5], [5], []]


async def test_a_frame_waits_for_the_frames_of_its_window_to_come(stage_of: NewStage) -> None:
    stage = stage_of("count_ahead")
    first = asyncio.create_task(stage.outcome(Arrived(frames.record(0))))

    others = [asyncio.create_task(stage.outcome(Arrived(frames.record(seq)))) for seq in (1, 2, 3)]
    done, _ = await asyncio.wait([first], timeout=0.1)
    assert not done
    others.append(asyncio.create_task(stage.outcome(Arrived(frames.record(4)))))

    assert counted(await first) == [1, 2, 3]
    await asyncio.gather(*others)


async def test_the_frames_of_another_run_or_source_are_not_ahead(stage_of: NewStage) -> None:
    stage = stage_of("count_ahead")
    next_run = changed(id="ba9876543210-1", seq=1, captured_at=frames.frame(1).captured_at)
    messages = [
        Arrived(frames.record(0)),
        Arrived(next_run),
        Arrived(frames.record(1, "yard"), key=b"yard"),
    ]

    outcomes = await asyncio.gather(*map(stage.outcome, messages))

    assert [counted(outcome) for outcome in outcomes] == [[], [], []]


async def test_a_window_may_be_set_shorter(stage_of: NewStage) -> None:
    stage = stage_of("count_ahead", look_ahead_s=0.1)

    outcomes = await asyncio.gather(*(stage.outcome(Arrived(frames.record(seq))) for seq in range(3)))

    assert [counted(outcome) for outcome in outcomes] == [[1], [2], []]
