"""A stage turns each message into results or a dead letter, and nothing that a record does stops it."""

from __future__ import annotations

import asyncio
import struct
import time

import msgpack
import pytest

from functions.redaction.zones import zone
from streams.stage.handler import Outcome
from streams.wire import records
from tests.functions.hops import looked_at
from tests.streams import frames
from tests.streams.stage.stages import Arrived, NewStage, changed
from tests.streams.trusting import in_chain


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


async def test_a_redactor_that_gives_back_the_picture_it_got_publishes_nothing(stage_of: NewStage) -> None:
    stage = stage_of("redact_nothing", redacted=True)

    outcome = await stage.outcome(Arrived(frames.record()))

    assert outcome.reason.endswith("expected a picture made anew for a redacted topic, got the one it was given")
    assert not outcome.results
