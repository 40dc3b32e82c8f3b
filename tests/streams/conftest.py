"""What tests of the bus share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import kafka_node as real_kafka
from tests.streams.guarded import Guarded, guarded_kafka


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A Kafka with users, TLS and the access lists of docs/privacy.md, which tests of them share."""
    real_kafka.require()
    with guarded_kafka(tmp_path_factory.mktemp("guarded")) as kafka:
        yield kafka
