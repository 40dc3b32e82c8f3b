"""The records of CAMERAS and ZONES and the header `redriven`: what is read, written and refused, byte by byte."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import msgpack
import pytest

from streams.wire import counts
from streams.wire.cameras import CAMERAS, ZONES, CameraState, DrawnZones
from streams.wire.reading import keyed, redriven, redriven_as_it_came, redriven_mark
from streams.wire.records import RecordError
from tests.make_vectors import FOLDER

INDEX = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
KINDS: dict[str, Any] = {CAMERAS: CameraState, ZONES: DrawnZones}
GOOD, BAD = ([(topic, name) for topic in KINDS for name in sorted(INDEX[topic][kind])] for kind in ("good", "bad"))


def _message(topic: str, name: str, key: str | None = None) -> Any:
    said = key or INDEX[topic]["good"][name]["key"]
    return SimpleNamespace(key=said.encode(), value=(FOLDER / f"{name}.msgpack").read_bytes())


@pytest.mark.parametrize(("topic", "name"), GOOD)
def test_a_good_record_is_read_and_written_with_the_very_bytes_of_its_vector(topic: str, name: str) -> None:
    message = _message(topic, name)
    written = counts.encode(keyed(message, KINDS[topic]))
    assert written == message.value
    assert msgpack.unpackb(written) == INDEX[topic]["good"][name]["fields"]


@pytest.mark.parametrize(("topic", "name"), BAD)
def test_a_bad_record_is_refused_with_the_path_of_what_is_wrong(topic: str, name: str) -> None:
    with pytest.raises(RecordError) as refused:
        keyed(_message(topic, name, "shop-door"), KINDS[topic])
    assert INDEX[topic]["bad"][name]["error"] in str(refused.value)


@pytest.mark.parametrize(("topic", "name"), [(CAMERAS, "camera-running"), (ZONES, "zones-one")])
def test_a_record_under_another_key_and_a_tombstone_are_refused(topic: str, name: str) -> None:
    message = _message(topic, name, "till")
    with pytest.raises(RecordError, match=r"Expected the message key 'shop-door' \(its source\), got 'till'"):
        keyed(message, KINDS[topic])
    with pytest.raises(RecordError, match="got a tombstone"):
        keyed(SimpleNamespace(key=message.key, value=None), KINDS[topic])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("headers", "times"),
    [(None, 0), ([], 0), ([("reason", b"3")], 0), ([("redriven", b"1")], 1), ([("redriven", "3")], 3)],
)
def test_a_header_says_how_often_a_dead_letter_was_written_back(headers: Any, times: int) -> None:
    assert redriven(headers) == times


@pytest.mark.parametrize(
    "value", [b"", None, b"0", b"4", b"-1", b"1.5", b"one", b"\xff", b"9" * 5000, b"00011", "\u0661"]
)
def test_a_header_that_says_anything_else_is_refused(value: Any) -> None:
    with pytest.raises(RecordError, match="Expected a header `redriven` of 1 to 3, got "):
        redriven([("redriven", value)])
    # What is made of such a record bears no mark, and its dead letter the one that it came with.
    assert redriven_mark({"redriven": value}) == {}
    with pytest.raises(RecordError, match="Expected a header `redriven` of 1 to 3, got "):
        redriven(redriven_as_it_came({"redriven": value}))


def test_what_is_made_of_a_record_bears_its_number_and_nothing_else() -> None:
    assert redriven_mark([("reason", b"x"), ("redriven", b"2")]) == {"redriven": b"2"}
    assert redriven_mark([("redriven", b"0002")]) == {"redriven": b"2"}
    assert redriven_mark([]) == redriven_as_it_came(None) == {}
