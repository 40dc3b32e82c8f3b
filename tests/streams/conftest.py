"""What tests of the bus share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from functions.core import registry
from streams.stage.handler import Stage
from streams.stage.invocation import Invocation
from streams.stage.thread_pool import ThreadPool
from streams.wire import records
from tests import kafka_node as real_kafka
from tests.streams.guarded import Guarded, guarded_kafka


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A Kafka with users, TLS and the access lists of docs/privacy.md, which tests of them share."""
    real_kafka.require()
    with guarded_kafka(tmp_path_factory.mktemp("guarded")) as kafka:
        yield kafka


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A millisecond's work a frame, on one thread."""
    spec = registry.load(["tests.stub_functions"])["burn"]
    pool = ThreadPool(1, time_limit_s=30)
    pool.start()
    options = spec.validate({"milliseconds": 1.0})
    yield Stage(Invocation("mine", spec, options, False, records.MAX_RECORD_BYTES), pool)
    pool.stop()
