"""What nobody foresaw stops the stage, and loses nothing: each record comes out, or is a dead letter at the third."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from streams.runtime.errors import Stopped
from streams.runtime.metrics import DeadSources
from streams.runtime.poison_records import PoisonRecords
from streams.runtime.supervisor import until_stopped
from streams.stage import delivery as deliver
from streams.stage.handler import Outcome
from tests.bus import consume, length, produce_all
from tests.hostile_functions import Faceless, Mute, Number, Own, Quits, Sly
from tests.streams import frames
from tests.streams.chains import environment, worker
from tests.streams.delivering import TOPICS, WINDOW, Delivering, frame
from tests.streams.stage.stages import Arrived
from tests.wait import others_turn

OUTPUT, DEAD = TOPICS
ERRORS: list[Callable[[], BaseException]] = [
    Mute,
    Quits,
    Number,
    Faceless,
    Sly,
    lambda: Own("mine"),
    lambda: OSError("\udce4"),
    lambda: ValueError("x" * 1_000_000),
    SystemExit,
    KeyboardInterrupt,
    GeneratorExit,
    StopIteration,
    StopAsyncIteration,
    MemoryError,
    RecursionError,
    lambda: ExceptionGroup("all", [Mute()]),
]
STEPS = ("outcome", "at once", "later", "ack")


@dataclass
class Slip:
    """What goes wrong at one step of a record's way, and how often."""

    step: str
    error: Callable[[], BaseException]
    times: int

    def befall(self, step: str) -> None:
        if step == self.step and self.times:
            self.times -= 1
            raise self.error()


@dataclass
class World:
    """A stage and a bus that have slips with some records; it counts what arrived."""

    slips: dict[int, Slip]
    arrived: dict[str, set[int]] = field(default_factory=lambda: {OUTPUT: set(), DEAD: set()})
    suspects: PoisonRecords = field(default_factory=PoisonRecords)
    dead_letters: DeadSources = field(default_factory=lambda: DeadSources(8))
    work: Any = field(default_factory=lambda: SimpleNamespace(stage="mine", window_s=None))

    def befall(self, step: str, offset: int) -> None:
        if offset in self.slips:
            self.slips[offset].befall(step)

    async def outcome(self, message: Arrived, is_surplus: Callable[[], bool]) -> Outcome:
        await others_turn()
        try:
            self.suspects.refuse(message)
        except ValueError as error:
            return Outcome(reason=str(error))
        self.befall("outcome", message.offset)
        return Outcome((str(message.offset).encode(),))

    async def send(self, topic: str, key: bytes, value: bytes, headers: dict[str, bytes]) -> Awaitable[None]:
        await others_turn()
        offset = int(headers["offset"] if headers else value)
        if topic == OUTPUT:  # what keeps a dead letter off the bus keeps its stage from going on
            self.befall("at once", offset)
        return self._arrive(topic, offset)

    async def _arrive(self, topic: str, offset: int) -> None:
        await others_turn()
        if topic == OUTPUT:
            self.befall("later", offset)
        self.arrived[topic].add(offset)


def worlds(count: int) -> Iterator[tuple[int, World]]:
    dice = random.Random(5)
    for number in range(count):
        yield number, World({offset: slip(dice) for offset in dice.sample(range(24), dice.randint(1, 4))})


def slip(dice: random.Random) -> Slip:
    """Some error at some step; an ack, behind which the record is out already, fails but once."""
    step = dice.choice(STEPS)
    return Slip(step, dice.choice(ERRORS), 1 if step == "ack" else dice.choice((1, 2, 9)))


async def stops(world: World, messages: list[Arrived]) -> int:
    """How often the stage stopped until every record was acked; each time it goes on behind the last that was."""
    acked: list[Arrived] = []

    def ack(message: Arrived) -> None:
        world.befall("ack", message.offset)
        acked.append(message)

    async def events() -> AsyncIterator[Arrived]:
        for message in messages[len(acked) :]:
            yield message
            await others_turn()
        while len(acked) < len(messages):
            await others_turn()
        raise StopAsyncIteration

    for stopped in range(100):
        refused: asyncio.Future[Stopped] = asyncio.get_running_loop().create_future()
        delivery = Delivering(world, world.send, TOPICS, WINDOW, ack)  # type: ignore[arg-type]
        working = asyncio.create_task(until_stopped(delivery.run(events()), refused.set_result))
        await asyncio.wait_for(refused, 30)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        if len(acked) == len(messages):
            assert acked == messages
            return stopped
    raise AssertionError(f"Expected an end, got {len(acked)} of {len(messages)} acked after 100 stops")


async def test_for_any_error_at_any_step_what_was_sent_is_out_or_dead_and_acked_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)
    for number, world in worlds(100):
        messages = [frame(seq, "door", 0, live=False) for seq in range(24)]
        slips = {offset: (slip.step, slip.times) for offset, slip in world.slips.items()}

        stopped = await stops(world, messages)

        out, dead = world.arrived[OUTPUT], world.arrived[DEAD]
        assert out | dead == set(range(24)), (number, slips)
        assert not out & dead, (number, slips)
        assert dead == {offset for offset, (_, times) in slips.items() if times > 2}, (number, slips)
        assert stopped <= sum(min(times, 3) for _, times in slips.values()), (number, slips)


async def test_what_makes_dead_letters_may_fail_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> dict[str, bytes]:
        monkeypatch.undo()
        raise Mute

    world = World({3: Slip("outcome", Quits, 9)})
    monkeypatch.setattr(deliver, "dead_letter_headers", fail)

    await stops(world, [frame(seq, "door", 0, live=False) for seq in range(6)])

    assert world.arrived == {OUTPUT: {0, 1, 2, 4, 5}, DEAD: {3}}


def test_counting_meets_what_nobody_foresaw_alike(embedded: str, tmp_path: Path) -> None:
    """Frame 4's error is dealt with, its text cannot be made; frame 7's is not, and ends the event loop."""
    chain = (
        '[stages.detect]\nfunction = "detect_stub"\ninput = "SOURCE_FRAME"\noutput = "IMAGEAI_FRAME"\n'
        '[counts]\ninput = "IMAGEAI_FRAME"\n'
    )
    env = environment(embedded, tmp_path, chain, functions="tests.stub_functions,tests.broken_counting")
    with worker(env, "count") as process:
        process.wait_for_line("Stage count: is ready", 40)
        produce_all(embedded, "IMAGEAI_FRAME", frames.pairs(range(12)))
        dead = consume(embedded, "DEAD_COUNT", 2, 60)
        process.wait_for_line("counted frame 11", 40)
        assert process.terminate(signal.SIGTERM, timeout_s=8) == 0

    assert frames.seqs(dead) == [4, 7]
    assert [dict(each.headers())["reason"].split(b":")[0] for each in dead] == [
        b"Mute",
        b"Expected a record that leaves its stage running, got one met at 3 stops",
    ]
    assert length(embedded, "DEAD_COUNT") == 2
    counted = [line.split()[-1] for line in process.lines if "counted frame" in line]
    assert counted == [str(seq) for seq in range(12) if seq not in (4, 7)]
