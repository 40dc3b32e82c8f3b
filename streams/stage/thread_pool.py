"""A thread pool with a fair queue, and a time limit for each call."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from functions.core.errors import UsageError
from streams.runtime.errors import Failed, Skipped, caught, text_of
from streams.stage.fair_queue import Ahead, FairQueue

T = TypeVar("T")
U = TypeVar("U")


class TookTooLong(Exception):
    """A call went on past its time limit; its thread cannot be ended and is lost until it returns."""


class Job(Generic[T]):
    """A call that waits for a thread, is under way in one, or is done.

    `after` makes the answer of its result; `ahead` says what may be done before.
    """

    def __init__(
        self,
        source: str,
        call: Callable[[], Any],
        after: Callable[[Any], T] | None = None,
        ahead: Callable[[], Ahead | None] = lambda: None,
    ) -> None:
        self.source, self._call, self._after, self.ahead = source, call, after, ahead
        self.loop = asyncio.get_running_loop()
        # An error is a result, too: not every one can be set as a future's exception, or raised from it.
        self.answer: asyncio.Future[T | Exception] = self.loop.create_future()
        self.timer: asyncio.TimerHandle
        self.started_at: float | None = None
        self.was_skipped = self.has_ended = False
        self._in_turn = threading.Lock()

    def run(self) -> Any:
        """Make the call; gives its result, or its error, for `finish`."""
        if self.answer.cancelled():
            return None
        self.started_at = time.monotonic()
        result = _result_of(self._call)
        self.was_skipped = isinstance(result, Skipped)
        return result

    def finish(self, result: Any) -> None:
        """Answer."""
        if self.answer.cancelled():
            return
        if self._after and not isinstance(result, Exception):
            result = _result_of(partial(self._after, result))
        self.has_ended = True
        with suppress(RuntimeError):  # the event loop has ended
            self.loop.call_soon_threadsafe(self.give, result)

    def give(self, result: T | Exception) -> None:
        if not self.answer.done():
            self.answer.set_result(result)

    def ends_turn(self) -> bool:
        """Whether its source's turn ends now: once, when the call ends or its time is up."""
        return self._in_turn.acquire(blocking=False)


class ThreadPool:
    """A fixed number of daemon threads: one that hangs blocks neither the others nor the process's exit."""

    def __init__(self, threads: int, time_limit_s: float) -> None:
        self._jobs: FairQueue[Job[Any]] = FairQueue(lambda job: job.ahead())
        self._time_limit_s = time_limit_s
        self._late: list[Job[Any]] = []
        self._threads = threads

    def start(self, warm_up: Callable[[], object] = lambda: None) -> None:
        """Start the threads; returns when each has called `warm_up`. Raises UsageError, Failed for other errors."""
        ready: SimpleQueue[Exception | None] = SimpleQueue()
        for _ in range(self._threads):
            threading.Thread(target=self._work, args=(warm_up, ready), daemon=True).start()
        errors = [error for _ in range(self._threads) if (error := ready.get())]
        if errors:
            self.stop()
            raise errors[0]

    def stop(self) -> None:
        """Let every thread end after its call."""
        for _ in range(self._threads):
            self._jobs.end()

    @property
    def all_hang(self) -> bool:
        """Whether no thread is left to work."""
        self._late = [job for job in self._late if not job.has_ended]
        return len(self._late) >= self._threads

    async def run(self, source: str, call: Callable[[], T]) -> T:
        """The result of a call. Raises as `answer` does."""
        return await self.answer(self._put(Job(source, call)))

    def put_in_turn(
        self, source: str, call: Callable[[], U], after: Callable[[U], T], ahead: Callable[[], Ahead | None]
    ) -> Job[T]:
        """Have a call done once those of its source that were put before are; `after` makes the answer of its result.

        `after` keeps the next call of the source waiting no longer. `ahead` says what an idle thread may do until it is
        this call's turn, if anything; that raises nothing.
        """
        return self._put(Job(source, call, after, ahead), one_at_a_time=True)

    def _put(self, job: Job[T], one_at_a_time: bool = False) -> Job[T]:
        self._jobs.put(job.source, job, one_at_a_time)
        self._watch(job)
        return job

    async def answer(self, job: Job[T]) -> T:
        """The result of a call. Raises Skipped, TookTooLong after the time limit, and Failed for any other error."""
        try:
            result = await job.answer
        finally:
            job.timer.cancel()
        if isinstance(result, TookTooLong):
            self._late.append(job)
        if isinstance(result, Exception):
            raise result
        return result

    def _watch(self, job: Job[Any]) -> None:
        """Look at a job again when its time would be up, and once it is, answer in place of its thread."""
        taken_s = time.monotonic() - job.started_at if job.started_at else 0.0
        if taken_s < self._time_limit_s:
            job.timer = job.loop.call_later(self._time_limit_s - taken_s, self._watch, job)
            return
        job.give(TookTooLong(f"Expected an answer within {self._time_limit_s:g} s, got none"))
        self._end_turn(job)

    def _end_turn(self, job: Job[Any]) -> None:
        if job.ends_turn():
            # Else a source whose frames are all too old when their turn comes would never have one done.
            self._jobs.over(job.source, keeps_turn=job.was_skipped)

    def _work(self, warm_up: Callable[[], object], ready: SimpleQueue[Exception | None]) -> None:
        try:
            warm_up()
        except UsageError as error:
            ready.put(error)
            return
        except BaseException as error:  # told to whoever starts the pool
            ready.put(Failed(text_of(error)))
            return
        ready.put(None)
        while taken := self._jobs.take():
            _, job = taken
            self._do(job)

    def _do(self, job: Job[Any]) -> None:
        result = job.run()  # not the job's: pixels would wait for a busy event loop with it
        self._end_turn(job)
        job.finish(result)


def _result_of(call: Callable[[], Any]) -> Any:
    """What a call returns, or the error that it raises."""
    try:
        return call()
    except BaseException as error:  # a thread that dies of anything would take its work with it
        return caught(error)
