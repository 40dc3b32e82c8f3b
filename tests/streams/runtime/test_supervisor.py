"""A worker that can do no more ends, also where its app does not."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, NoReturn

import pytest

from streams.runtime import supervisor
from streams.runtime.errors import Exhausted
from streams.runtime.supervisor import EXIT_HANGS, AppWorker, ReadingApp
from streams.settings import Settings
from tests.wait import wait_until_async


class Left(Exception):
    """What the end of the process is here."""


class Stuck:
    """An app that starts, and whose end never comes or fails."""

    crash_reason = None
    missing: frozenset[str] = frozenset()

    def __init__(self, error: Exception | None) -> None:
        self.app, self._error = self, error

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self, wait: bool = True) -> None:
        if self._error:
            raise self._error
        await asyncio.Event().wait()


class Worker(AppWorker):
    def __init__(self, error: Exception | None) -> None:
        super().__init__("mine", Settings())
        self._error = error

    @property
    def counts(self) -> Counter[str]:
        return Counter()

    def warm_up(self) -> None:
        """Nothing to load."""

    def make_topics(self, client: Any) -> None:
        """Nothing to make."""

    def new_app(self) -> ReadingApp:
        self.refuse(Exhausted("all its threads hang"))
        return Stuck(self._error)  # type: ignore[return-value]


@pytest.mark.parametrize("error", [None, ConnectionError("no broker")])
async def test_a_worker_that_is_spent_ends_although_its_app_does_not(
    monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    said: list[tuple[int, str]] = []

    def leave(code: int, why: str) -> NoReturn:
        said.append((code, why))
        raise Left

    monkeypatch.setattr(supervisor, "leave", leave)
    monkeypatch.setattr(supervisor, "_STOP_S", 0.1)
    worker = Worker(error)
    running = asyncio.create_task(worker._run_app(None))  # type: ignore[arg-type]

    await wait_until_async(lambda: bool(said), 10, "the end of the process")
    assert said[0][0] == EXIT_HANGS
    assert "all its threads hang; this process ends" in said[0][1]
    await asyncio.gather(running, return_exceptions=True)
