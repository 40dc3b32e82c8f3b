"""How many streams an output runs: bounded, and no newcomer ends one that is live."""

from __future__ import annotations

import time
from collections.abc import Iterator
from multiprocessing import get_context
from typing import Any

import pytest

from streams.chain.outputs_section import StreamConf
from streams.publish import output
from streams.publish.output import MOST_STREAMS, StreamOutput
from streams.settings import Settings
from tests.processes import free_port
from tests.streams.frames import frame


class Stream:
    """A stream without a process."""

    def __init__(self, source: str, *_: Any) -> None:
        self.source, self.heard_at = source, time.monotonic()
        self.frames: list[int] = []
        self.ended = False

    def put(self, given: Any) -> None:
        self.frames.append(given.seq)

    def end(self) -> None:
        self.ended = True

    def join(self) -> None:
        assert self.ended


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[StreamOutput, dict[str, Stream]]]:
    """An output without a bus, and its streams by source, all that there ever were."""
    streams: dict[str, Stream] = {}

    def begin(source: str, *more: Any) -> Stream:
        return streams.setdefault(source, Stream(source, *more))

    monkeypatch.setattr(output, "Stream", begin)
    conf = StreamConf(url="rtsp://recorder/{source}")
    made = StreamOutput(Settings(kafka_url=f"127.0.0.1:{free_port()}"), "front", conf, get_context("forkserver"))
    yield made, streams
    made.end()
    made.join()


def test_a_flood_of_names_gets_so_many_streams_and_ends_none_that_is_live(
    running: tuple[StreamOutput, dict[str, Stream]], caplog: pytest.LogCaptureFixture
) -> None:
    front, streams = running
    front._hand_out([frame(0, f"cam{at}") for at in range(MOST_STREAMS + 8)])
    front._hand_out([frame(30, "cam0")])
    assert [*streams] == [f"cam{at}" for at in range(MOST_STREAMS)]
    assert streams["cam0"].frames == [0, 30]
    assert not any(stream.ended for stream in streams.values())
    assert caplog.text.count(f"expected at most {MOST_STREAMS} sources at once where the chain file names none") == 1


def test_a_source_that_was_silent_for_long_makes_room(running: tuple[StreamOutput, dict[str, Stream]]) -> None:
    front, streams = running
    front._hand_out([frame(0, f"cam{at}") for at in range(MOST_STREAMS)])
    streams["cam5"].heard_at -= 601
    front._hand_out([frame(0, "door")])
    assert streams["door"].frames == [0]
    assert [source for source, stream in streams.items() if stream.ended] == ["cam5"]
