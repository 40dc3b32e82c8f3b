"""The records of ALERTS: what is read, written and refused, byte by byte, beside another reader of msgpack."""

from __future__ import annotations

import json
from types import SimpleNamespace

import msgpack
import pytest

from streams.wire import alerts, counts
from streams.wire.reading import record_of
from streams.wire.records import RecordError
from tests.make_vectors import FOLDER

INDEX = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))["ALERTS"]


@pytest.mark.parametrize("name", sorted(INDEX["good"]))
def test_a_good_record_is_read_and_written_with_the_very_bytes_of_its_vector(name: str) -> None:
    value = (FOLDER / f"{name}.msgpack").read_bytes()
    record = alerts.decode(value)
    assert counts.encode(record) == value
    assert msgpack.unpackb(value) == INDEX["good"][name]["fields"]
    assert record.id == INDEX["good"][name]["key"]


@pytest.mark.parametrize("name", sorted(INDEX["bad"]))
def test_a_bad_record_is_refused_with_the_path_of_what_is_wrong(name: str) -> None:
    with pytest.raises(RecordError) as refused:
        alerts.decode((FOLDER / f"{name}.msgpack").read_bytes())
    assert INDEX["bad"][name]["error"] in str(refused.value)


def test_who_reads_any_topic_gets_them_of_their_own() -> None:
    value = (FOLDER / "alert.msgpack").read_bytes()
    message = SimpleNamespace(topic="ALERTS", key=b"", value=value)
    assert record_of(message, max_bytes=10) == alerts.decode(value)  # type: ignore[arg-type]


def test_a_tombstone_is_refused() -> None:
    with pytest.raises(RecordError, match="got a tombstone"):
        alerts.decode(None)
