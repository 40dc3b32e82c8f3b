"""A viewer with both passwords, and what a test asks it about what the bus holds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streams.kafka.embedded_broker import EmbeddedBroker
from tests.web.auth.session import PASSWORDS
from tests.web.viewing import Viewing, start_viewer


@pytest.fixture(scope="module")
def viewing() -> Iterator[Viewing]:
    with EmbeddedBroker() as broker, start_viewer(broker.url, env=PASSWORDS) as viewing:
        viewing.wait_until_ready()
        yield viewing
