"""The wire format: what is read, what is refused, and that both agree with an independent msgpack, byte by byte.

The vectors under tests/vectors serve every language; tests/make_vectors.py writes them.
"""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as some

from functions import Detection, Frame
from functions.core.jpeg import JpegError
from streams.wire import counts, records
from streams.wire.counts import Counted
from streams.wire.records import RecordError
from tests import make_vectors
from tests.make_vectors import FOLDER, PICTURE

INDEX = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
GOOD = sorted(INDEX["good"])
EXACT = [name for name in GOOD if INDEX["good"][name]["exact"]]


def _bytes(name: str) -> bytes:
    return (FOLDER / f"{name}.msgpack").read_bytes()


def _fields(name: str) -> dict[str, Any]:
    """The fields that the index promises."""
    fields = dict(INDEX["good"][name]["fields"])
    jpeg = fields["jpeg"]
    return fields | {"jpeg": bytes.fromhex(jpeg["hex"]) if "hex" in jpeg else (FOLDER / jpeg["file"]).read_bytes()}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_record_is_read_field_by_field(name: str) -> None:
    record = records.decode(_bytes(name))
    assert msgpack.unpackb(records.encode(record)) == _fields(name)
    assert INDEX["good"][name]["key"] == record.source


@pytest.mark.parametrize("name", EXACT)
def test_a_record_is_written_with_the_very_bytes_of_its_vector(name: str) -> None:
    record = records.decode(_bytes(name))
    assert records.encode(record) == _bytes(name)


@pytest.mark.parametrize("name", EXACT)
def test_a_frame_keeps_every_field_of_its_record(name: str) -> None:
    frame = records.to_frame(records.decode(_bytes(name)))
    assert records.encode(records.from_frame(frame)) == _bytes(name)


@pytest.mark.parametrize("name", sorted(INDEX["bad"]))
def test_a_bad_record_is_refused_with_the_path_of_what_is_wrong(name: str) -> None:
    with pytest.raises(RecordError) as refused:
        records.decode(_bytes(name))
    assert INDEX["bad"][name]["error"] in str(refused.value)


@pytest.mark.parametrize(("value", "what"), [(None, "a tombstone (no value)"), (b"", "an empty value")])
def test_a_message_without_a_record_says_what_it_is(value: bytes | None, what: str) -> None:
    refusal = re.escape(f"Expected one msgpack map, got {what}")
    with pytest.raises(RecordError, match=refusal):
        records.decode(value)
    with pytest.raises(RecordError, match=refusal):
        counts.decode(value, Counted)


def test_a_picture_cut_in_the_middle_is_found_when_it_is_decoded() -> None:
    record = records.decode(_bytes("picture-cut-in-the-middle"))
    with pytest.raises(JpegError, match=INDEX["good"]["picture-cut-in-the-middle"]["picture_error"]):
        _ = records.to_frame(record).image


def test_a_record_is_refused_by_its_size_before_it_is_read() -> None:
    with pytest.raises(RecordError, match="Expected a record of at most 2097152 bytes, got 5000000"):
        records.decode(bytes(5_000_000))
    with pytest.raises(RecordError, match="Expected a record of at most 900 bytes, got "):
        records.encode(records.decode(_bytes("plain")), max_bytes=900)


def test_what_nobody_looked_at_is_left_out_where_all_was_looked_at() -> None:
    frame = records.to_frame(records.decode(_bytes("all-was-looked-at")))
    assert frame.unseen == ()
    assert records.encode(records.from_frame(frame)) == _bytes("plain")
    half = frame.with_unseen([(0, 0, 32, 48)])
    assert records.to_frame(records.from_frame(half)).unseen == ((0, 0, 32, 48),)


@given(at=some.integers(0, 10_000), noise=some.binary(min_size=1, max_size=8))
def test_noise_in_a_record_is_read_or_refused_and_nothing_else(at: int, noise: bytes) -> None:
    value = bytearray(_bytes("everything"))
    at %= len(value)
    value[at : at + len(noise)] = noise
    with contextlib.suppress(RecordError):
        record = records.decode(bytes(value))
        assert records.decode(records.encode(record)) == record


def test_a_function_cannot_put_on_the_wire_what_the_format_does_not_allow() -> None:
    frame = Frame.from_jpeg(PICTURE)
    long = frame.with_detections([Detection("x" * 129, 0.5, (0, 0, 1, 1))])
    with pytest.raises(RecordError, match=r"length <= 128 - at `\$.detections\[0\].label`"):
        records.from_frame(long)
    sure = frame.with_detections([Detection("person", 1.5, (0, 0, 1, 1))])
    with pytest.raises(RecordError, match=r"at `\$.detections\[0\].confidence`"):
        records.from_frame(sure)


def test_the_jpeg_passes_untouched_as_long_as_nobody_draws_on_it() -> None:
    frame = records.to_frame(records.decode(_bytes("everything")))
    assert records.from_frame(frame.with_detections([])).jpeg == PICTURE
    assert records.from_frame(frame.with_image(frame.image.copy())).jpeg != PICTURE


def test_the_vectors_are_what_their_generator_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_vectors, "FOLDER", tmp_path)
    make_vectors.main()
    stored = {file.name: file.read_bytes() for file in FOLDER.iterdir() if file.name != "picture.jpg"}
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == stored
