"""`imagebus topics` makes the chain's topics and says what each may hold and for how long."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from streams.cli import imagebus
from streams.kafka import topics
from streams.kafka.topics import BusError


def test_the_topics_of_the_chain_and_the_dead_letters_are_made_and_listed(
    empty_kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_URL", empty_kafka)
    monkeypatch.setenv("IMAGEBUS_PARTITIONS", "3")
    monkeypatch.setenv("IMAGEBUS_RETENTION_BYTES", str(100 * 2**20))
    first = CliRunner().invoke(imagebus, ["topics"], catch_exceptions=False).output
    # On disk at most: partitions x (100 MiB kept + a segment of 8 MiB)
    assert first.splitlines() == [
        "TOPIC            PICTURES  PARTITIONS  KEEPS     ON DISK AT MOST",
        "SOURCE_FRAME     raw       3           600 s     324 MiB",
        "IMAGEAI_FRAME    raw       3           600 s     324 MiB",
        "ANNOTATED_FRAME  raw       3           600 s     324 MiB",
        "REDACTION_FRAME  redacted  3           600 s     324 MiB",
        "DEAD_DETECT      raw       1           600 s     108 MiB",
        "DEAD_ANNOTATE    raw       1           600 s     108 MiB",
        "DEAD_REDACT      raw       1           600 s     108 MiB",
        "CAMERAS          none      1           no bound  no bound",
        "ZONES            none      1           no bound  no bound",
        "9 made, 0 were there",
    ]
    again = CliRunner().invoke(imagebus, ["topics"], catch_exceptions=False).output
    assert again.splitlines()[-1] == "0 made, 9 were there"


def test_the_embedded_broker_does_not_say_its_bounds(embedded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_URL", embedded)
    output = CliRunner().invoke(imagebus, ["topics"], catch_exceptions=False).output
    assert "REDACTION_FRAME  redacted  4           not said  not said" in output


def test_without_a_broker_the_error_is_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_URL", "127.0.0.1:9")
    monkeypatch.setattr(topics, "_TIMEOUT_S", 0.5)
    with pytest.raises(BusError, match="Topics cannot be made: "):
        CliRunner().invoke(imagebus, ["topics"], catch_exceptions=False)
