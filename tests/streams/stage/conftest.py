"""A stage of any function, for the tests of stages."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from functions.core import registry
from streams.stage.handler import Stage
from streams.stage.invocation import Invocation
from streams.stage.thread_pool import ThreadPool
from streams.wire import records
from tests.streams.stage.stages import NewStage


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
