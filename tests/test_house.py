"""The tests' own ground: brokers that survive what tests do to them, and no silent skip."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import missing
from tests.bus import consume, length, produce
from tests.kafka_node import KafkaNode


def test_the_embedded_broker_takes_and_gives(embedded: str) -> None:
    produce(embedded, "A", "cam", b"1", headers={"reason": "none"})
    (message,) = consume(embedded, "A", 1)
    assert (message.key(), message.value(), message.headers()) == (b"cam", b"1", [("reason", b"none")])


def test_a_real_kafka_takes_and_gives(kafka: str) -> None:
    produce(kafka, "house-A", "cam", b"x" * 3_000_000)
    (message,) = consume(kafka, "house-A", 1)
    assert message.value() == b"x" * 3_000_000


def test_a_real_kafka_keeps_its_data_over_kill_and_restart(kafka_node: Callable[..., KafkaNode]) -> None:
    node = kafka_node()
    produce(node.url, "A", "cam", b"1")
    node.kill()
    node.start()
    produce(node.url, "A", "cam", b"2")
    node.restart()
    assert [message.value() for message in consume(node.url, "A", 2)] == [b"1", b"2"]
    assert length(node.url, "A") == 2


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_what_is_missing_skips_a_test_and_fails_it_in_ci(
    ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(missing, "seen", {})
    with pytest.raises(outcome, match="a camera is missing: plug one in"):
        missing.missing("a camera", "plug one in")
    assert missing.seen == {"a camera": "plug one in"}
