"""A stage: turns each Kafka message into an outcome, by one function."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from functions.core.frame import Frame
from streams.runtime.errors import Failed, Skipped, fields_of, text_of
from streams.runtime.logs import Seldom
from streams.runtime.metrics import DeadSources
from streams.runtime.poison_records import PoisonRecords
from streams.runtime.source_memory import Key
from streams.stage.invocation import Call, Invocation
from streams.stage.ordering import Arguments, Lanes
from streams.stage.thread_pool import ThreadPool, TookTooLong
from streams.wire.reading import Message, frame_of


@dataclass(frozen=True)
class Outcome:
    """What became of one message: results to publish, or the reason for its dead letter."""

    results: tuple[bytes, ...] = ()
    reason: str = ""
    last: str = ""  # why this process can do no other


class Stage:
    """Turns messages into outcomes; `counts` are the records by outcome, `dead_letters` those written, by source."""

    def __init__(self, work: Invocation, pool: ThreadPool, sources: int = 256) -> None:
        self.work = work
        self.counts: Counter[str] = Counter()
        self.dead_letters = DeadSources(sources)
        self.suspects = PoisonRecords()
        self.sources_forgotten = 0
        self._pool = pool
        state = work.spec.state
        self._lanes = None if state is None else Lanes(state, work.window_s, sources, self._tell_forgotten)
        self._seldom = Seldom(logging.getLogger(__name__))

    async def outcome(self, message: Message, is_surplus: Callable[[], bool] = lambda: False) -> Outcome:
        """The outcome of a message; never raises, since an error of the record is an outcome, too.

        A live message that is surplus when its turn comes is skipped like one that is too old.
        """
        try:
            self.suspects.refuse(message)
            results = await self._results(frame_of(message, self.work.max_record_bytes), message, is_surplus)
        except Skipped:
            self.counts["skipped"] += 1
            return Outcome()
        except Exception as error:
            self.counts["dead"] += 1
            reason = text_of(error)
            self._tell_dead(message, reason)
            return Outcome(reason=reason, last=self._why_last(error))
        self.counts["done"] += 1
        return Outcome(tuple(results))

    def _why_last(self, error: Exception) -> str:
        if isinstance(error, TookTooLong) and self._pool.all_hang:
            return "all its threads hang in its function"
        no_memory = isinstance(error, MemoryError) or (isinstance(error, Failed) and error.no_memory)
        return "its process has no memory left" if no_memory else ""

    @property
    def name(self) -> str:
        """The stage's name."""
        return self.work.stage

    def forget(self) -> None:
        """Drop the state of all sources: other workers may have had them meanwhile."""
        self.suspects.ask_the_dead()
        if self._lanes is not None:
            self._lanes.forget()

    @property
    def sources(self) -> int:
        """The number of sources remembered."""
        return 0 if self._lanes is None else len(self._lanes)

    def _tell_forgotten(self, key: Key, why: str) -> None:
        self.sources_forgotten += 1
        text = f"Stage {self.work.stage}: forgets source {key.source}, {why}"
        fields = {"stage": self.work.stage, "source": key.source, "reason": why}
        self._seldom.warning(f"forgets a source {why}", text, fields)

    def _tell_dead(self, message: Message, reason: str) -> None:
        place = f"{message.topic}@{message.partition}/{message.offset}"
        text = f"Stage {self.work.stage}: {place} is a dead letter: {reason}"
        self._seldom.warning(reason, text, fields_of(self.work.stage, message) | {"reason": reason})

    async def _results(self, frame: Frame, message: Message, is_surplus: Callable[[], bool]) -> list[bytes]:
        def call(use: AbstractContextManager[Arguments]) -> Call:
            return Call(self.work, frame, message, use, is_surplus, self.suspects)

        if self._lanes is None:  # no order among frames, and nothing to share
            return await self._pool.run(frame.source, call(nullcontext(())))
        # In order, and ahead of time: a thread goes from one frame to the next without waiting for the event loop.
        async with self._lanes.turn(frame) as use:
            # Of a source one function call is under way at a time; another thread may decode the frame after it, and
            # encode what came of the one before.
            made = call(use)
            job = self._pool.put_in_turn(frame.source, made.returned, made.records, made.ahead)
        with use.unless_it_fails():
            return await self._pool.answer(job)
