"""A thread pool with a fair queue, and a time limit for each call."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from functions.core.errors import UsageError
from streams.runtime.errors import Failed, Skipped, caught, text_of
from streams.stage.fair_queue import FairQueue

T = TypeVar("T")


class TookTooLong(Exception):
    """A call went on past its time limit; its thread cannot be ended and is lost until it returns."""


class _Job(Generic[T]):
    def __init__(self, call: Callable[[], T]) -> None:
        self.call = call
        # An error is a result, too: not every one can be set as a future's exception, or raised from it.
        self.future: Future[T | Exception] = Future()
        self.started_at: float | None = None
        self.was_skipped = False

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        self.started_at = time.monotonic()
        try:
            result: T | Exception = self.call()
        except BaseException as error:  # a thread that dies of anything would take its work with it
            result = caught(error)
        self.was_skipped = isinstance(result, Skipped)
        self.future.set_result(result)


class ThreadPool:
    """A fixed number of daemon threads: one that hangs blocks neither the others nor the process's exit."""

    def __init__(self, threads: int, time_limit_s: float) -> None:
        self._jobs: FairQueue[_Job[Any]] = FairQueue()
        self._time_limit_s = time_limit_s
        self._late: list[Future[Any]] = []
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
        self._late = [future for future in self._late if not future.done()]
        return len(self._late) >= self._threads

    async def run(self, source: str, call: Callable[[], T]) -> T:
        """The result of a call. Raises Skipped, TookTooLong after the time limit, and Failed for any other error."""
        job = _Job(call)
        self._jobs.put(source, job)
        waiting = asyncio.wrap_future(job.future)
        limit_s = self._time_limit_s
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=limit_s)
            if done:
                result = waiting.result()
                if isinstance(result, Exception):
                    raise result
                return result
            taken_s = time.monotonic() - job.started_at if job.started_at else 0.0
            if taken_s >= self._time_limit_s:
                self._late.append(job.future)
                raise TookTooLong(f"Expected an answer within {self._time_limit_s:g} s, got none")
            limit_s = self._time_limit_s - taken_s

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
            source, job = taken
            job.run()
            # Else a source whose frames are all too old when their turn comes would never have one done.
            self._jobs.over(source, keeps_turn=job.was_skipped)
