"""What a stage remembers belongs to a producer's run: two of one name, and any number of names, harm nobody."""

from __future__ import annotations

import asyncio
import itertools
import time
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from functions import Detection, Frame
from functions.core import registry
from functions.motion.background import LEARNING, STARTING
from streams.runtime.source_memory import ESTABLISHED
from streams.stage.handler import Stage
from streams.stage.invocation import Invocation
from streams.stage.thread_pool import ThreadPool
from streams.wire import records
from tests.functions.hops import looked_at
from tests.streams.stage.stages import Arrived
from tests.streams.trusting import in_chain
from tests.wait import others_turn

PLACES, NEWCOMERS = 128, 16
PERSON = (300.0, 150.0, 340.0, 250.0)
STREET = np.random.default_rng(1).integers(100, 160, (288, 384, 3), np.uint8)
FRAMES = 76


@pytest.fixture
def redactor() -> Iterator[Stage]:
    """Redacts with boxes and look-ahead alone."""
    yield from stage(hold_s=0, motion=False, padding=0)


@pytest.fixture
def careful() -> Iterator[Stage]:
    """Redacts with motion as well, and does not wait for frames."""
    yield from stage(look_ahead_s=0)


def stage(**options: object) -> Iterator[Stage]:
    spec = registry.load()["redact"]
    work = in_chain(Invocation("redact", spec, spec.validate(options), True, records.MAX_RECORD_BYTES))
    (pool := ThreadPool(2, time_limit_s=30)).start()
    yield Stage(work, pool, sources=PLACES)
    pool.stop()


def message(seq: int, source: str = "street", run: str = "a" * 12, found: bool = False) -> Arrived:
    """A tenth of a second after the one before, of a street with one person, whom the detector found or not."""
    shot = replace(Frame.from_image(STREET, source), id=f"{run}-{seq}", seq=seq, captured_at=seq * 100_000)
    frame = shot.with_detections([Detection("person", 0.9, PERSON)] if found else [])
    return Arrived(records.encode(records.from_frame(looked_at(frame))), source.encode(), offset=seq)


async def shown(stage: Stage, messages: Iterable[Arrived]) -> int:
    """In how many pictures the person can be seen, where frames come a hundred times a second."""
    coming = []
    for each in messages:
        coming.append(asyncio.create_task(stage.outcome(each)))
        await asyncio.sleep(0.01)
    outcomes = await asyncio.gather(*coming)
    frames = [records.to_frame(records.decode(value)) for outcome in outcomes for value in outcome.results]
    assert len(frames) == len(outcomes)
    x1, y1, x2, y2 = map(int, PERSON)
    return sum(int(frame.image[y1:y2, x1:x2].mean() > 50) for frame in frames)


async def test_two_producers_of_one_name_show_no_more_than_each_alone(redactor: Stage) -> None:
    """The detector finds the person on every third frame; those before are covered as the frames ahead are known."""
    each = [[message(seq, run=run * 12, found=seq % 3 == 2) for seq in range(FRAMES)] for run in "abcd"]

    alone = await shown(redactor, each[0]) + await shown(redactor, each[1])
    both = await shown(redactor, itertools.chain(*zip(each[2], each[3], strict=True)))

    assert alone == 2  # the last frame of each, which nothing follows
    assert both == alone


async def test_two_producers_of_one_name_learn_apart(careful: Stage) -> None:
    interleaved = [message(seq, run=run * 12, found=True) for seq in range(LEARNING + 3) for run in "ab"]

    doubts = [await doubt(careful, each) for each in interleaved]

    assert doubts == [STARTING] * 2 * LEARNING + [None] * 6
    assert careful.sources == 2


async def doubt(stage: Stage, message: Arrived) -> str | None:
    (value,) = (await stage.outcome(message)).results
    redaction = records.decode(value).redaction
    assert redaction
    assert (redaction.covered == 1) == (redaction.doubt is not None)
    return redaction.doubt


async def test_a_flood_of_names_fills_few_places_and_a_live_camera_stays_uncovered(
    careful: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    for seq in range(ESTABLISHED):
        await doubt(careful, message(seq))

    for n in range(3 * PLACES):
        assert await doubt(careful, message(0, f"flood {n}")) == STARTING
        if n % 50 == 0:
            assert await doubt(careful, message(ESTABLISHED + n)) is None

    assert careful.sources == 1 + NEWCOMERS
    assert careful.sources_forgotten == 3 * PLACES - NEWCOMERS
    assert "Stage redact: forgets source flood 0, for want of places" in caplog.text


async def test_a_forgotten_source_is_covered_wholly_until_it_is_known_again(careful: Stage) -> None:
    for seq in range(LEARNING):
        assert await doubt(careful, message(seq)) == STARTING
    assert await doubt(careful, message(LEARNING)) is None
    for n in range(NEWCOMERS):
        await doubt(careful, message(0, f"flood {n}"))

    again = [await doubt(careful, message(LEARNING + 1 + seq)) for seq in range(LEARNING + 1)]
    assert again == [STARTING] * LEARNING + [None]


async def test_frames_that_wait_for_a_thread_or_for_the_loop_keep_no_memory(careful: Stage) -> None:
    """Each name of the flood has been seen once, and has a second frame under way."""
    made: list[weakref.ref[object]] = []
    peaks = []
    spec = careful.work.spec
    assert spec.state
    lanes = careful._lanes
    assert lanes is not None

    def new_state() -> object:
        made.append(weakref.ref(state := spec.state()))  # type: ignore[misc]
        peaks.append(sum(each() is not None for each in made))
        return state

    lanes._new_state = new_state
    names = [f"flood {n}" for n in range(4 * PLACES)]
    for name in names:
        await careful.outcome(message(0, name))
    waiting = asyncio.gather(*(careful.outcome(message(1, name)) for name in names))
    await others_turn()
    time.sleep(1)  # noqa: ASYNC251  the event loop is busy, and the threads are not
    await waiting

    assert max(peaks) <= NEWCOMERS + 2  # two threads
    assert not lanes._lanes


async def test_frames_under_way_are_in_order_though_their_source_was_forgotten(redactor: Stage) -> None:
    """A lane in use is never dropped, however many names come meanwhile."""
    flood = [message(0, f"flood {n}") for n in range(2 * PLACES)]
    street = [message(seq, found=seq % 3 == 2) for seq in range(FRAMES)]

    seen, _ = await asyncio.gather(shown(redactor, street), shown(redactor, flood))

    assert seen == 1
