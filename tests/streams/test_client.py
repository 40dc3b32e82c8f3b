"""Records for programs of one's own: read and written in three lines, with the wire format's checks."""

from __future__ import annotations

import asyncio
import logging
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from functions import Frame
from functions.core.errors import UsageError
from streams.client import Writer, read
from streams.wire import counts, records
from streams.wire.counts import COUNTS, Counted
from streams.wire.records import RecordError
from tests.bus import consume, length, produce
from tests.streams.chains import environment
from tests.streams.frames import frame, record
from tests.streams.frames import read as decoded


@pytest.fixture(autouse=True)
def bus(embedded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An embedded broker with the topics A and B, named in the environment."""
    for name, value in environment(embedded, tmp_path).items():
        monkeypatch.setenv(name, value)
    for topic in ("A", "B"):
        produce(embedded, topic, "cam", record(0))  # before anybody reads
    return embedded


def test_frames_are_read_in_a_for_loop_from_now_on(bus: str) -> None:
    frames = read("A")
    for seq in (30, 60):
        produce(bus, "A", "cam", record(seq))
    first, second = islice(frames, 2)
    assert isinstance(first, Frame)
    assert isinstance(second, Frame)
    assert (first.source, first.seq, second.seq) == ("cam", 30, 60)
    assert second.jpeg == records.decode(record(60)).jpeg


def test_what_does_not_fit_the_format_is_left_out_and_said(bus: str, caplog: pytest.LogCaptureFixture) -> None:
    frames = read("A")
    produce(bus, "A", "cam", b"\xc1")
    produce(bus, "A", "cam", record(0, "door"))  # its key is not its source
    produce(bus, "A", "cam", record(30))
    with caplog.at_level(logging.WARNING):
        (only,) = islice(frames, 1)
    assert isinstance(only, Frame)
    assert only.seq == 30
    assert "cannot be read: Expected one msgpack map" in caplog.text


def test_numbers_are_read_as_what_they_are(bus: str) -> None:
    count = Counted(
        window="day", starts_at=0, ends_at=1, source=None, visitors=7, unique=5, updated_at=1, restarted_at=None
    )
    produce(bus, COUNTS, "", counts.encode(count))
    numbers = read(COUNTS)
    produce(bus, COUNTS, "", counts.encode(count))
    assert [*islice(numbers, 1)] == [count]


async def test_frames_are_read_and_sent_on_the_event_loop(bus: str) -> None:
    frames, results = read("A"), read("B")
    seen: asyncio.Queue[Frame] = asyncio.Queue()

    async def brighten() -> None:
        with Writer("B") as out:
            async for each in frames:
                assert isinstance(each, Frame)
                await out.send(each.with_image(np.full_like(each.image, 255)))

    async def watch() -> None:
        async for each in results:
            assert isinstance(each, Frame)
            seen.put_nowait(each)

    tasks = [asyncio.create_task(watch()), asyncio.create_task(brighten())]
    await asyncio.to_thread(produce, bus, "A", "cam", record(30))
    result = await asyncio.wait_for(seen.get(), 30)
    assert (result.id, result.image.min()) == ("0123456789ab-30", 255)
    for task in tasks:
        task.cancel()
    ended = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended)


def test_frames_are_written_with_their_source_as_key_and_new_ones_numbered(bus: str) -> None:
    with Writer("OWN_FRAME") as out:
        out.write(frame(30, "yard"))
        for grey in (1, 2):
            out.write(Frame.from_image(np.full((8, 8, 3), grey, np.uint8), "yard"))
    messages = consume(bus, "OWN_FRAME", 3)
    known, first, second = decoded(messages)
    assert {message.key() for message in messages} == {b"yard"}
    assert known.id == "0123456789ab-30"
    assert (first.seq, second.seq) == (0, 1)
    assert first.id.split("-")[0] == second.id.split("-")[0] != "000000000000"
    assert known.captured_at < first.captured_at <= second.captured_at


def test_a_frame_that_does_not_fit_the_format_is_refused(bus: str) -> None:
    with Writer("OWN_FRAME") as out:
        with pytest.raises(RecordError, match="Source: expected characters that can be seen"):
            out.write(frame(0, "yard\n"))
        with pytest.raises(RecordError, match=r"Expected `str` of length <= 64 - at `\$.id`"):
            out.write(Frame(frame().picture, id="x" * 65))
    assert length(bus, "OWN_FRAME") == 0


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        (
            "REDACTION_FRAME",
            "Topic REDACTION_FRAME: expected a topic for raw pictures, got one that holds only redacted",
        ),
        ("COUNTS", "Topic COUNTS: expected a topic of frames, got one of numbers"),
        ("DEAD_DETECT", "Topic DEAD_DETECT: expected a topic of frames, got one of dead letters"),
    ],
)
def test_what_may_not_be_written_is_refused(topic: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        Writer(topic)


def test_a_topic_that_is_not_there_is_said() -> None:
    with pytest.raises(UsageError, match="Topic AA: expected one of A, B; did you mean A"):
        read("AA")
