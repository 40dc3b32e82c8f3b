"""The access lists of docs/privacy.md on a real Kafka: who may see redacted frames only gets nothing else."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from aiokafka.errors import TopicAuthorizationFailedError
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer
from faust.exceptions import ProducerSendError
from msgspec.structs import replace

from functions.core.frame import Redaction
from streams.chain import types as chains
from streams.chain.outputs_section import StreamConf
from streams.kafka import topics
from streams.kafka.security import for_librdkafka
from streams.outputs.redacted_frames import RedactedFrames
from streams.runtime.faust_app import bus_app
from streams.wire import records
from streams.wire.cameras import DrawnZones
from streams.zones.writer import MayNotWrite, ZonesWriter
from tests.processes import IMAGEBUS, Process
from tests.streams import frames
from tests.streams.chains import environment
from tests.streams.guarded import Guarded
from tests.streams.notify import notifying
from tests.streams.notify.mosquitto import Listener, Mosquitto
from tests.streams.notify.notifying import chain, mqtt, notify
from tests.streams.recording.recorded import Disk, Shooting, a_minute
from tests.wait import wait_until
from tests.web.viewing import start_viewer

RAW = ("SOURCE_FRAME", "IMAGEAI_FRAME", "ANNOTATED_FRAME", "DEAD_DETECT", "DEAD_ANNOTATE", "DEAD_REDACT")
REDACTED = "REDACTION_FRAME"
NUMBERS = ("COUNTS", "CAMERAS", "ZONES", "ALERTS")
ALL = (*RAW, REDACTED, *NUMBERS)


@pytest.fixture(scope="module")
def frames_everywhere(guarded: Guarded) -> Guarded:
    """The default chain's topics, and those of numbers, with a frame on each."""
    admin, settings = guarded.settings("admin"), guarded.settings("edge")
    plans = [topics.plan(replace(settings, partitions=1), chains.load(), name) for name in ALL]
    topics.make(topics.admin(admin), plans)
    wait_until(lambda: all(write(guarded, "edge", topic) is None for topic in ALL), 20, "edge may write")
    return guarded


def write(guarded: Guarded, user: str, topic: str, key: str = "cam", value: bytes | None = None) -> int | None:
    """The code of the error that a user gets who writes a record (a raw frame), None where it is on the topic."""
    errors: list[KafkaError | None] = []
    producer = Producer({**for_librdkafka(guarded.settings(user)), "log_level": 0})
    producer.produce(topic, value or frames.record(), key, on_delivery=lambda error, _: errors.append(error))
    assert producer.flush(20) == 0
    return errors[0].code() if errors[0] else None


def read(
    guarded: Guarded, user: str, topic: str, group: str, wanted: Callable[[bytes], bool] = lambda value: True
) -> object:
    """The first bytes of a topic that are wanted, as a user reads them, or the error that they get."""

    def taken(message: Message | None) -> bool:
        return message is not None and (message.error() is not None or wanted(bytes(message.value() or b"")))

    own: dict[str, Any] = {"group.id": group, "auto.offset.reset": "earliest", "log_level": 0}
    consumer = Consumer({**for_librdkafka(guarded.settings(user)), **own})
    try:
        consumer.subscribe([topic])
        message = wait_until(lambda: each if taken(each := consumer.poll(0.2)) else None, 20, f"what {topic} holds")
    except KafkaException as error:
        return error.args[0].code()
    finally:
        consumer.close()
    return message.error().code() if message.error() else message.value()


def test_a_viewer_reads_redacted_frames_and_is_refused_everything_else(frames_everywhere: Guarded) -> None:
    for topic in (REDACTED, *NUMBERS):
        assert read(frames_everywhere, "viewer", topic, group="imagebus.viewer.host") == frames.record()
    for topic in RAW:
        assert (
            read(frames_everywhere, "viewer", topic, group="imagebus.viewer.host")
            == KafkaError.TOPIC_AUTHORIZATION_FAILED
        )
    assert "authorization failed" in KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED).str().casefold()
    # Nor may it take part in, or move on, what the stages do.
    assert read(frames_everywhere, "viewer", REDACTED, group="imagebus.IMAGEAI_FRAME.redact.REDACTION_FRAME") == (
        KafkaError.GROUP_AUTHORIZATION_FAILED
    )
    for topic in ALL:
        assert write(frames_everywhere, "viewer", topic) == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_zones_are_written_by_who_may_write_redacted_topics(frames_everywhere: Guarded) -> None:
    none = DrawnZones(source="yard", cover=[], by="operator", at=1)
    ZonesWriter(frames_everywhere.settings("edge"), chains.load()).write(none)
    with pytest.raises(MayNotWrite, match="may read ZONES and not write it: draw at a viewer whose user may write"):
        ZonesWriter(frames_everywhere.settings("viewer"), chains.load()).write(none)


async def test_a_producer_that_was_refused_a_record_takes_none_that_would_pass_it(
    frames_everywhere: Guarded, tmp_path: Path
) -> None:
    producer = bus_app("group", replace(frames_everywhere.settings("viewer"), data_dir=str(tmp_path))).producer
    record = (REDACTED, b"cam", frames.record(), None, None, None)
    await producer.start()
    with pytest.raises(TopicAuthorizationFailedError):
        await producer.send_and_wait(*record)
    with pytest.raises(ProducerSendError, match="TopicAuthorizationFailedError"):
        await producer.send(*record)
    await producer.stop()


def test_edge_reads_and_writes_the_whole_chain(frames_everywhere: Guarded) -> None:
    for topic in (*RAW, REDACTED):
        assert read(frames_everywhere, "edge", topic, group=f"imagebus.{topic}") == frames.record()


def test_where_the_configuration_may_not_be_read_that_is_said_and_work_goes_on(
    frames_everywhere: Guarded, caplog: pytest.LogCaptureFixture
) -> None:
    settings = frames_everywhere.settings("viewer")
    assert topics.make(topics.admin(settings), [topics.plan(settings, chains.load(), REDACTED)]) == []
    assert f"Whether topic {REDACTED} compacts" in caplog.text
    assert "cannot be read: " in caplog.text


def test_a_viewer_of_redacted_frames_only_waits_for_no_other_topic_and_draws_no_zones(
    frames_everywhere: Guarded,
) -> None:
    with start_viewer(frames_everywhere.url, env=frames_everywhere.env("viewer")) as viewing:
        wait_until(lambda: viewing.state().get("bus") == "ready", 30, "a viewer that holds its topic")
        for topic in (*RAW, REDACTED):
            assert write(frames_everywhere, "edge", topic) is None
        # A raw frame on the redacted topic is the one that came, and it is not shown.
        wait_until(lambda: viewing.state()["bad"] == 1, 20, "the frame of the redacted topic")
        assert viewing.state()["frames"] == 0
        # What stands there for this camera is no zones: it shows that they are not known, and may not write any.
        told = wait_until(lambda: _answer(viewing.url + "/zones/list?source=cam", 200), 20, "zones that are read")
        assert '"state":"unknown"' in told
        none = json.dumps({"source": "cam", "zones": [], "areas": [], "at": None}).encode()
        assert "may read ZONES and not write it" in _answer(viewing.url + "/zones/save", 403, none)


def test_what_tells_numbers_and_alerts_reads_redacted_frames_and_numbers_and_is_refused_everything_else(
    frames_everywhere: Guarded, tmp_path: Path
) -> None:
    guarded = frames_everywhere
    with Mosquitto(tmp_path) as broker, Listener(broker.port) as home:
        alert = '[alerts.seen]\nwhen = { label = "person" }\nthen = ["mqtt"]\n'
        env = environment(guarded.url, tmp_path, chain(mqtt(broker.port), alert)) | guarded.env("notify")
        with notify(env) as process:
            for key, value in notifying.frames([1]):
                assert write(guarded, "edge", REDACTED, key, value) is None
            wait_until(lambda: home.at("imagebus/alerts/seen"), 30, "an alert")
            told = read(guarded, "viewer", "ALERTS", "imagebus.viewer.alerts", lambda value: b"seen" in value)
            assert isinstance(told, bytes)
            assert home.at("imagebus/alerts/seen")[0]["id"].encode() in told
            assert process.terminate() == 0
        raw = chain(mqtt(broker.port, 'topic = "IMAGEAI_FRAME"\nraw = true'))
        env = environment(guarded.url, tmp_path, raw) | guarded.env("notify")
        with Process([*IMAGEBUS, "notify"], env) as process:
            process.wait_for_line("Stage notify: .*IMAGEAI_FRAME.*: Authorization failed", 60)
    for topic in RAW:
        refused = read(guarded, "notify", topic, group="imagebus.REDACTION_FRAME.notify.home")
        assert refused == KafkaError.TOPIC_AUTHORIZATION_FAILED
    for topic in {*ALL} - {"ALERTS"}:
        assert write(guarded, "notify", topic) == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_an_output_with_a_viewers_rights_gets_redacted_frames_and_no_raw_ones_whatever_its_chain_file_says(
    frames_everywhere: Guarded, caplog: pytest.LogCaptureFixture
) -> None:
    settings, shown = frames_everywhere.settings("viewer"), Redaction((), "solid", 0.0)
    front = StreamConf(url="rtsp://recorder/{source}")
    with RedactedFrames(settings, "front", front) as redacted:
        assert redacted.poll() == []
        value = records.encode(records.from_frame(dataclasses.replace(frames.frame(30), redaction=shown)))
        assert write(frames_everywhere, "edge", REDACTED, value=value) is None
        assert [frame.seq for frame in wait_until(redacted.poll, 20, "the frame")] == [30]
    with RedactedFrames(settings, "back", replace(front, topic="SOURCE_FRAME", raw=True)) as raw:
        assert [raw.poll(), raw.poll()] == [[], []]
    assert "Output back: no frames: Topic SOURCE_FRAME: expected" in caplog.text


def _answer(url: str, status: int, body: bytes | None = None) -> str:
    """What a viewer answers, empty where it is of another status."""
    try:
        with urlopen(url, body, timeout=20) as answer:
            return str(answer.read().decode()) if answer.status == status else ""
    except HTTPError as error:
        return error.read().decode() if error.code == status else ""


def test_a_recorder_needs_no_more_than_to_read_redacted_frames_whatever_its_chain_file_says(
    frames_everywhere: Guarded, tmp_path: Path
) -> None:
    guarded, disk = frames_everywhere, Disk(tmp_path / "recordings")
    of_redacted = f"{chains.DEFAULT.read_text()}\n{disk.section}"
    with Process(
        [*IMAGEBUS, "record"], environment(guarded.url, tmp_path, of_redacted) | guarded.env("viewer")
    ) as process:
        process.wait_for_line("Output disk: records REDACTION_FRAME into")
        for frame in Shooting().frames(a_minute(), 9):
            value = records.encode(records.from_frame(frame))
            assert write(guarded, "edge", REDACTED, frame.source, value) is None
        disk.wait_for(5)
        assert process.terminate() == 0
    of_raw = f'{of_redacted}topic = "IMAGEAI_FRAME"\nraw = true\n'
    with Process([*IMAGEBUS, "record"], environment(guarded.url, tmp_path, of_raw) | guarded.env("viewer")) as process:
        process.wait_for_line("Output disk: no frames: Topic IMAGEAI_FRAME")
