"""What is recorded of a day, and a viewer that shows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streams.kafka.embedded_broker import EmbeddedBroker
from tests.wait import wait_until
from tests.web.auth.session import PASSWORDS
from tests.web.playback.recorded_day import RecordedDay, record_day
from tests.web.viewing import READY_S, Viewing, start_viewer


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> RecordedDay:
    with EmbeddedBroker() as broker:
        return record_day(broker.url, tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="module")
def viewing(day: RecordedDay) -> Iterator[Viewing]:
    """A viewer with both passwords; recordings need no broker."""
    with start_viewer("127.0.0.1:1", env=PASSWORDS | {"IMAGEBUS_CHAIN": str(day.chain)}) as viewing:
        wait_until(viewing.state, READY_S, "a viewer that answers")
        yield viewing
