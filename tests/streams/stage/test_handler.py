"""A stage turns each message into results or a dead letter, and nothing that a record does stops it."""

from __future__ import annotations

import asyncio
import struct
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import msgpack
import pytest
import pytest_asyncio

from functions import Frame
from functions.core import registry
from functions.redaction.zones import zone
from streams.app import stage_app
from streams.chain.types import StageConf
from streams.settings import Settings
from streams.stage.handler import Outcome, Stage
from streams.stage.invocation import Invocation
from streams.stage.thread_pool import ThreadPool
from streams.wire import records
from tests.functions.hops import looked_at
from tests.streams import frames
from tests.streams.trusting import in_chain
from tests.wait import others_turn, wait_until

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


@pytest_asyncio.fixture
async def stage_of() -> AsyncIterator[NewStage]:
    """A stage of a function by name, with its options."""
    pools: list[ThreadPool] = []

    def make(
        name: str, threads: int = 2, time_limit_s: float = 10.0, redacted: bool = False, **options: object
    ) -> Stage:
        spec = registry.load(["tests.stub_functions"])[name]
        work = Invocation("mine", spec, spec.validate(options), redacted, records.MAX_RECORD_BYTES, max_age_s=2.0)
        pools.append(ThreadPool(threads, time_limit_s))
        pools[-1].start()
        return Stage(work, pools[-1])

    yield make
    for pool in pools:
        pool.stop()


def changed(**fields: object) -> bytes:
    """A good record with some fields replaced, written by an independent encoder."""
    return msgpack.packb(msgpack.unpackb(frames.record()) | fields)


def huge_header(width: int, height: int) -> bytes:
    """A JPEG that says it has that size."""
    jpeg = frames.frame().jpeg
    at = jpeg.index(b"\xff\xc0")
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


async def test_a_good_record_comes_out_with_the_same_jpeg_and_one_hop_more(stage_of: NewStage) -> None:
    outcome = await stage_of("detect_stub").outcome(Arrived(frames.record(3)))

    (result,) = (records.decode(value) for value in outcome.results)
    assert result.jpeg == frames.frame(3).jpeg
    assert (result.id, result.source, result.seq) == (f"{frames.RUN}-3", "cam", 3)
    assert [hop.stage for hop in result.hops] == ["mine"]
    assert len(result.detections) == 5


def boxed(*xyxy: float) -> bytes:
    """A record with one detection in that box."""
    return changed(detections=[{"label": "a", "confidence": 1, "xyxy": xyxy, "track": None, "hidden": False}])


BAD: dict[str, tuple[bytes | None, str]] = {
    "a tombstone": (None, "Expected one msgpack map, got a tombstone (no value)"),
    "an empty value": (b"", "Expected one msgpack map, got an empty value"),
    "truncated": (frames.record()[:-9], "Expected one msgpack map"),
    "another shape": (msgpack.packb([1, 2]), "Expected `object`, got `array` - at `$`"),
    "no field but one": (msgpack.packb({"v": 1}), "missing required field `id` - at `$`"),
    "newer version": (changed(v=2), "Expected version 1, got 2 - at `$.v`"),
    "a text for a number": (changed(seq="7"), "Expected `int`, got `str` - at `$.seq`"),
    "JPEG cut in the middle": (changed(jpeg=frames.frame().jpeg[:-400]), "Expected a whole JPEG"),
    "PNG": (changed(jpeg=b"\x89PNG\r\n\x1a\n"), "Expected a JPEG (starting FF D8), got a PNG - at `$.jpeg`"),
    "text": (changed(jpeg=b"hello"), "Expected a JPEG (starting FF D8), got 5 bytes"),
    "absurd size": (changed(jpeg=huge_header(20_000, 20_000)), "got 20000x20000 - at `$.jpeg`"),
    "5 MB": (changed(jpeg=b"\xff\xd8" + bytes(5_000_000)), "Expected a record of at most 2097152 bytes"),
    "NaN in a box": (boxed(0, 0, float("nan"), 1), "Expected a box within 768x576"),
    "negative box": (boxed(-1, 0, 1, 1), "at `$.detections[0].xyxy`"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_record_is_a_dead_letter_that_says_why(stage_of: NewStage, name: str) -> None:
    value, reason = BAD[name]
    stage = stage_of("annotate")

    outcome = await stage.outcome(Arrived(value))
    after = await stage.outcome(Arrived(frames.record()))

    assert reason in outcome.reason
    assert not outcome.results
    assert after.results
    assert stage.counts == {"dead": 1, "done": 1}


async def test_a_result_with_too_many_detections_is_an_error_of_the_function_and_not_of_what_came(
    stage_of: NewStage,
) -> None:
    box = {"label": "a", "confidence": 1, "xyxy": [0, 0, 1, 1], "track": None, "hidden": False}
    full = changed(detections=[box] * records.MAX_DETECTIONS)

    passed = await stage_of("annotate").outcome(Arrived(full))
    overflowing = await stage_of("detect_stub").outcome(Arrived(full))

    assert passed.results
    assert overflowing.reason == (
        "BadResult: detect_stub: expected a result of at most 1000 detections, got 1005 "
        "(1000 came in, the function added 5)"
    )


async def test_a_result_that_does_not_fit_a_record_is_said_to_be_the_functions(stage_of: NewStage) -> None:
    hop = msgpack.unpackb((await stage_of("annotate").outcome(Arrived(frames.record()))).results[0])["hops"][0]
    longest = changed(hops=[hop] * records.MAX_HOPS)

    outcome = await stage_of("annotate").outcome(Arrived(longest))

    assert outcome.reason == (
        "BadResult: annotate: its result does not fit a record: Expected `array` of length <= 64 - at `$.hops`"
    )


async def test_a_message_whose_key_is_not_its_source_is_a_dead_letter(stage_of: NewStage) -> None:
    stage = stage_of("detect_stub")

    missing = await stage.outcome(Arrived(frames.record(), key=None))
    other = await stage.outcome(Arrived(frames.record(), key=b"cellar"))

    assert missing.reason == "Expected the message key 'cam' (its source), got None"
    assert other.reason == "Expected the message key 'cam' (its source), got 'cellar'"


MISBEHAVIOUR = {
    "raise": "ZeroDivisionError: frame 1 is not to my liking",
    "text": "BadResult: fail_on: expected a Frame, several or None, got str",
    "hang": "TookTooLong: Expected an answer within 0.3 s, got none",
}


@pytest.mark.parametrize("how", MISBEHAVIOUR)
async def test_a_function_that_misbehaves_costs_one_frame(stage_of: NewStage, how: str) -> None:
    stage = stage_of("fail_on", time_limit_s=0.3, seq=1, how=how)

    outcomes = [await stage.outcome(Arrived(frames.record(seq))) for seq in (0, 1, 2)]

    assert [bool(outcome.results) for outcome in outcomes] == [True, False, True]
    assert outcomes[1] == Outcome(reason=MISBEHAVIOUR[how])


async def test_none_drops_a_frame_and_a_list_gives_several(stage_of: NewStage) -> None:
    dropped = await stage_of("fail_on", how="none").outcome(Arrived(frames.record(0)))
    doubled = await stage_of("fail_on", how="two").outcome(Arrived(frames.record(0)))

    assert dropped == Outcome()
    assert [records.decode(value).id for value in doubled.results] == [f"{frames.RUN}-0", f"{frames.RUN}-0.1"]


async def test_without_memory_the_outcome_is_a_dead_letter_and_says_that_it_is_the_last(stage_of: NewStage) -> None:
    stage = stage_of("fail_on", seq=0, how="memory")

    outcome = await stage.outcome(Arrived(frames.record(0)))

    assert outcome == Outcome(reason="MemoryError: ", last="its process has no memory left")


async def test_when_every_thread_hangs_the_outcome_says_that_it_is_the_last(stage_of: NewStage) -> None:
    stage = stage_of("hang", threads=2, time_limit_s=0.2)

    outcomes = await asyncio.gather(*(stage.outcome(Arrived(frames.record(seq))) for seq in (0, 1)))

    assert all("TookTooLong" in outcome.reason for outcome in outcomes)
    # Whose time is up last is not said: both began at once.
    assert [outcome.last for outcome in outcomes if outcome.last] == ["all its threads hang in its function"]


async def test_live_frames_that_are_too_old_are_skipped_and_counted_and_file_frames_never(stage_of: NewStage) -> None:
    stage = stage_of("detect_stub")
    old = time.time() - 60

    live = await stage.outcome(Arrived(frames.record(0, live=True), timestamp=old))
    fresh = await stage.outcome(Arrived(frames.record(1, live=True)))
    file = await stage.outcome(Arrived(frames.record(2), timestamp=old))

    assert (live, bool(fresh.results), bool(file.results)) == (Outcome(), True, True)
    assert stage.counts == {"skipped": 1, "done": 2}


async def test_a_live_frame_that_was_redriven_is_never_skipped(stage_of: NewStage) -> None:
    stage, old = stage_of("detect_stub"), time.time() - 60
    for mark, outcome in ((b"2", "done"), (b"4", "skipped"), (b"", "skipped")):
        stage.counts.clear()
        headers = (("redriven", mark),)
        await stage.outcome(Arrived(frames.record(0, live=True), timestamp=old, headers=headers), lambda: True)
        assert stage.counts == {outcome: 1}


def counted(outcome: Outcome) -> list[int | None]:
    """What count_frames wrote: how many frames its state has seen."""
    return [found.track for value in outcome.results for found in records.decode(value).detections]


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
    count = stage.work.spec.call

    def noted(frame: Frame, *more: Any, **options: Any) -> Any:
        done.append(frame.seq)
        return count(frame, *more, **options)

    stage.work = replace(stage.work, spec=replace(stage.work.spec, call=noted))
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

    stage.work = replace(stage.work, spec=replace(stage.work.spec, call=slow))
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


async def test_options_too_long_for_a_record_are_left_out_of_it(stage_of: NewStage) -> None:
    """Of a camera's zones, one of many corners is longer than an option may be, and all together than is of use."""
    corners = [(n / 100, n % 7 / 7) for n in range(100)]
    for zones in ([zone("cam", "cover", corners)], [zone(f"cam {n}", "cover", corners[:20]) for n in range(200)]):
        stage = stage_of("redact", motion=False, look_ahead_s=0, zones=zones)
        stage.work = in_chain(stage.work)
        came = records.encode(records.from_frame(looked_at(frames.frame(0))))
        (value,) = (await stage.outcome(Arrived(came))).results

        (_, own) = records.decode(value).hops
        assert own.options["zones"] is None
        assert own.options["labels"] == ["person"]


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


async def test_a_redactor_that_gives_back_the_picture_it_got_publishes_nothing(stage_of: NewStage) -> None:
    stage = stage_of("redact_nothing", redacted=True)

    outcome = await stage.outcome(Arrived(frames.record()))

    assert outcome.reason.endswith("expected a picture made anew for a redacted topic, got the one it was given")
    assert not outcome.results
