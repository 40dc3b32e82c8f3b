"""The whole chain with ImageAI as its detector, on real Kafka: four cameras at once are as good as one at a time."""

from __future__ import annotations

from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest

from streams.wire.records import Record, WireDetection
from tests.bus import consume
from tests.missing import missing
from tests.processes import IMAGEBUS, Process
from tests.streams import frames
from tests.streams.chains import STUB_CHAIN, environment, worker

EVERY, FRAMES = 40, 20
CAMERAS = ("north", "east", "south", "west")
OPTIONS = 'options = { weights = "WEIGHTS", speed = "fastest" }'


@pytest.fixture
def chain(data: Path) -> str:
    if find_spec("imageai") is None or find_spec("tensorflow") is None:
        missing("ImageAI with TensorFlow", "make imageai")
    options = OPTIONS.replace("WEIGHTS", str(data / "models" / "tiny-yolov3-vtest.h5"))
    return STUB_CHAIN.replace('function = "detect_stub"', f'function = "detect_imageai"\n{options}')


def by_source(url: str, topic: str, sources: tuple[str, ...]) -> dict[str, dict[int, Record]]:
    """All records of these sources on a topic, once all are there."""

    def grouped(messages: list) -> dict[str, dict[int, Record]]:  # type: ignore[type-arg]
        read = [record for record in frames.read(messages) if record.source in sources]
        return {source: {record.seq: record for record in read if record.source == source} for source in sources}

    def all_there(messages: list) -> bool:  # type: ignore[type-arg]
        return all(len(records) == FRAMES for records in grouped(messages).values())

    return grouped(consume(url, topic, all_there, 180))


def test_four_cameras_at_once_give_the_same_as_one_at_a_time(
    empty_kafka: str, tmp_path: Path, clip: Path, chain: str
) -> None:
    url = empty_kafka
    env = environment(url, tmp_path, chain)

    def produce(source: str) -> Process:
        return Process([*IMAGEBUS, "produce", clip, "-f", EVERY, "-n", source], env)

    with worker(env), ExitStack() as processes:
        with produce("alone") as producer:
            alone = by_source(url, "IMAGEAI_FRAME", ("alone",))["alone"]
            assert producer.wait() == 0
        producers = [processes.enter_context(produce(source)) for source in CAMERAS]
        together = by_source(url, "IMAGEAI_FRAME", CAMERAS)
        redacted = by_source(url, "REDACTION_FRAME", CAMERAS)
        assert [producer.wait() for producer in producers] == [0] * len(CAMERAS)

    assert sum(len(record.detections) for record in alone.values()) > 50
    for source in CAMERAS:
        assert {seq: rounded(record) for seq, record in together[source].items()} == {
            seq: rounded(record) for seq, record in alone.items()
        }
        for record in redacted[source].values():
            assert all(found.hidden for found in record.detections if found.label == "person")
            assert record.redaction is not None
            assert record.redaction.covered > 0 or not record.detections


def rounded(record: Record) -> list[tuple[str, float, list[int]]]:
    def about(found: WireDetection) -> tuple[str, float, list[int]]:
        return found.label, round(found.confidence, 2), [round(value) for value in found.xyxy]

    return sorted(map(about, record.detections))
