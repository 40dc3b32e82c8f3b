"""What an output may let out: checked frames of its topic and sources, through a bus that comes and goes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from functions.core.frame import Frame, Redaction
from streams.chain.outputs_section import StreamConf
from streams.outputs.redacted_frames import RedactedFrames
from streams.settings import Settings
from streams.wire import records
from tests.bus import produce
from tests.processes import free_port
from tests.streams.frames import frame, record
from tests.wait import wait_until

TOPIC = "REDACTION_FRAME"


@contextmanager
def _reading(url: str, **output: Any) -> Iterator[RedactedFrames]:
    """Frames of a topic that is there, for an output `front`; back when it reads."""
    with RedactedFrames(Settings(kafka_url=url), "front", StreamConf(url="rtsp://recorder/cam", **output)) as frames:
        assert frames.poll() == []
        yield frames


def _come(frames: RedactedFrames, last: int) -> list[tuple[str, int]]:
    """Source and number of the frames that come, up to the one of this number."""
    came: list[Frame] = []
    wait_until(lambda: came.extend(frames.poll()) or (came and came[-1].seq == last), 30, f"frame {last}")
    return [(each.source, each.seq) for each in came]


def _redacted(seq: int, source: str = "cam") -> bytes:
    return records.encode(records.from_frame(replace(frame(seq, source), redaction=Redaction((), "black", 0.0))))


def test_only_what_a_redactor_has_seen_is_let_out_and_the_rest_is_said(
    embedded: str, caplog: pytest.LogCaptureFixture
) -> None:
    produce(embedded, TOPIC, "cam", _redacted(0))  # before anybody read
    with _reading(embedded) as frames:
        produce(embedded, TOPIC, "cam", _redacted(30))
        produce(embedded, TOPIC, "cam", record(60))
        produce(embedded, TOPIC, "cam", _redacted(90, "door"))  # its key is not its source
        produce(embedded, TOPIC, "cam", b"\xc1")
        produce(embedded, TOPIC, "cam", _redacted(120))
        assert _come(frames, 120) == [("cam", 30), ("cam", 120)]
    assert "Output front: REDACTION_FRAME@" in caplog.text
    assert "is left out: expected a frame that a redactor has seen, got one that none has" in caplog.text


def test_raw_frames_come_where_the_output_says_raw(embedded: str) -> None:
    produce(embedded, "SOURCE_FRAME", "cam", record(0))
    with _reading(embedded, topic="SOURCE_FRAME", raw=True) as frames:
        produce(embedded, "SOURCE_FRAME", "cam", record(30))
        assert _come(frames, 30) == [("cam", 30)]


def test_of_the_sources_only_those_named_come_each_frame_once_and_none_of_the_past(embedded: str) -> None:
    produce(embedded, TOPIC, "cam", _redacted(0))
    with _reading(embedded, sources=["cam"]) as frames:
        for seq in (30, 60, 30, 60, 90):  # as from a redactor that was killed before it committed
            produce(embedded, TOPIC, "cam", _redacted(seq))
        produce(embedded, TOPIC, "door", _redacted(30, "door"))
        produce(embedded, TOPIC, "cam", _redacted(120), headers={"redriven": "1"})
        produce(embedded, TOPIC, "cam", _redacted(150))
        assert _come(frames, 150) == [("cam", 30), ("cam", 60), ("cam", 90), ("cam", 150)]


def test_a_bus_that_is_not_there_is_waited_for_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    url = f"127.0.0.1:{free_port()}"
    output = StreamConf(url="rtsp://recorder/cam")
    with RedactedFrames(Settings(kafka_url=url), "front", output) as frames:
        assert [frames.poll(), frames.poll()] == [[], []]
    assert [each.getMessage().partition(":")[0] for each in caplog.records] == ["Output front"]
    assert caplog.records[0].levelno == logging.WARNING


def test_a_topic_that_is_not_there_yet_is_waited_for(embedded: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with RedactedFrames(Settings(kafka_url=embedded), "front", StreamConf(url="rtsp://recorder/cam")) as frames:
        assert frames.poll() == []
        assert "no frames: Topic REDACTION_FRAME: expected" in caplog.text
        produce(embedded, TOPIC, "cam", _redacted(0))
        frames.poll()
        produce(embedded, TOPIC, "cam", _redacted(30))
        assert _come(frames, 30)[-1] == ("cam", 30)
    assert "frames come again" in caplog.text
